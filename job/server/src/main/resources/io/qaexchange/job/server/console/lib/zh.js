// Chinese texts by their English ones.
export const ZH = {};
