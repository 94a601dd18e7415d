/** Query parameters of whatever is read in the order of `seq`. */
export const sinceParameter = {
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  default: 0,
  description: 'what comes after this seq; 0: from the beginning',
} as const;

export const pageSizeParameter = { type: 'integer', minimum: 1, maximum: 1000, default: 100 } as const;
