// Which kind of thing a file is, told by its extension; a person may change kinds and give each a folder.

/** Extensions in lower case, without the dot. `dir` empty: the download folder; a relative one lies in it. */
export type Category = { name: string; extensions: string[]; dir: string };

/** Where everything is that no category claims. */
export const OTHER = 'other';

const usual = {
  archives: '7z ace arj br bz2 cab cpio gz img iso jar lha lz lz4 lzma rar tar tbz2 tgz txz war xz z zip zipx zst zstd',
  images: 'ai apng avif bmp cr2 dng eps gif heic heif ico jfif jpeg jpg jxl nef png psd raw svg tga tif tiff webp xcf',
  video: '3g2 3gp asf avi divx f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv rm rmvb ts vob webm wmv',
  audio: 'aac aif aiff alac ape cue dsf flac m3u m4a m4b mid midi mka mp3 oga ogg opus ra wav wma wv',
  documents:
    'azw3 chm csv djvu doc docx epub fb2 htm html json key log md mobi numbers odp ods odt pages pdf ppt pptx ps rtf tex tsv txt wps xls xlsx xml yaml yml',
  programs: 'apk appimage bat bin com deb dll dmg exe flatpak ipa msi msix pkg ps1 run sh snap rpm vsix whl xapk',
};

/** The categories until a person changes them. Their names are keys: windows show them in their own language. */
export const usualCategories: readonly Category[] = Object.entries(usual).map(([name, extensions]) => ({
  name,
  extensions: extensions.split(' '),
  dir: '',
}));

/** A function that tells a file name's category: `other` when its extension says nothing. */
export function sorter(categories: readonly Category[]): (name: string) => string {
  const byExtension = new Map(
    categories.flatMap(({ name, extensions }) => extensions.map((extension) => [extension, name] as const)),
  );
  return (name) => {
    const dot = name.lastIndexOf('.');
    return dot < 0 ? OTHER : (byExtension.get(name.slice(dot + 1).toLowerCase()) ?? OTHER);
  };
}
