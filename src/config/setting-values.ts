import { Transform, type TransformFnParams } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

// What a setting's text means. What is no text is given by an application, and is checked as it is.

export const asNumber = ({ value }: TransformFnParams): unknown => {
  if (typeof value !== 'string') return value;
  return value.trim() === '' ? Number.NaN : Number(value);
};
export const asBoolean = ({ value }: TransformFnParams): unknown => {
  if (typeof value !== 'string') return value;
  const word = value.trim().toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : value;
};
export const asList = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '')
    : value;
/** As other programs read it: commas, blanks or both between the words. */
export const asWords = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' ? value.split(/[\s,]+/).filter((word) => word !== '') : value;
export const asCodes = (params: TransformFnParams): unknown => {
  const list = asList(params);
  return Array.isArray(list) ? list.map((code) => String(code).toUpperCase()) : list;
};

const whole = (name: string, min: number, max: number) => ({
  message: `${name} must be a whole number from ${min} to ${max}`,
});

/** A count or a number of milliseconds between two limits. */
export function WholeNumber(name: string, min: number, max: number): PropertyDecorator {
  return (target, key) => {
    Transform(asNumber)(target, key);
    IsInt(whole(name, min, max))(target, key);
    Min(min, whole(name, min, max))(target, key);
    Max(max, whole(name, min, max))(target, key);
  };
}
