// The words for categories, their extensions and folders, in both languages.

export const categoriesEn = {
  add: 'Add a category…',
  edit: (name: string) => `Change ${name}`,
  remove: (name: string) => `Remove ${name}`,
  titleNew: 'New category',
  name: 'Name',
  extensions: 'Extensions',
  extensionsHelp: 'With spaces between: zip 7z rar.',
  dir: 'Folder',
  dirHelp: 'Empty: the download folder. A name alone is a folder in it.',
  noFolder: 'Download folder',
  noExtensions: 'No extensions',
  save: 'Save',
  none: 'No categories: everything is under Other.',
  byCategory: 'By category',
};

export const categoriesZh: typeof categoriesEn = {
  add: '添加分类…',
  edit: (name) => `修改${name}`,
  remove: (name) => `删除${name}`,
  titleNew: '新分类',
  name: '名称',
  extensions: '扩展名',
  extensionsHelp: '以空格分隔：zip 7z rar。',
  dir: '文件夹',
  dirHelp: '留空则为下载文件夹；只写名称则为其中的文件夹。',
  noFolder: '下载文件夹',
  noExtensions: '没有扩展名',
  save: '保存',
  none: '没有分类：全部归入“其他”。',
  byCategory: '按分类',
};

const usualEn: Record<string, string> = {
  archives: 'Archives',
  images: 'Images',
  video: 'Video',
  audio: 'Audio',
  documents: 'Documents',
  programs: 'Programs',
  other: 'Other',
};

const usualZh: Record<string, string> = {
  archives: '压缩包',
  images: '图片',
  video: '视频',
  audio: '音频',
  documents: '文档',
  programs: '程序',
  other: '其他',
};

/** The name of a category; a person's own is as they wrote it. */
export const categoryNameEn = (name: string): string => usualEn[name.toLowerCase()] ?? name;

/** The name of a category; a person's own is as they wrote it. */
export const categoryNameZh = (name: string): string => usualZh[name.toLowerCase()] ?? name;
