// How high an element is, for the styles of others that have to stay clear of it.

/** An attachment: the height of its element in px, as this property of all styles, for as long as it is there. */
export function heightAs(property: `--${string}`) {
  return (element: HTMLElement) => {
    const { style } = document.documentElement;
    const observer = new ResizeObserver(() => style.setProperty(property, `${element.offsetHeight}px`));
    observer.observe(element);
    return () => {
      observer.disconnect();
      style.removeProperty(property);
    };
  };
}
