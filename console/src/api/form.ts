// Input of the query services: nested members as a form, lists as `Name.member.N` (the AWS query protocol).

export type Input = { readonly [member: string]: InputValue };
export type InputValue = string | number | boolean | undefined | readonly InputValue[] | Input;

function flatten(name: string, value: InputValue, form: URLSearchParams): void {
  if (value === undefined) {
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item: InputValue, at) => flatten(`${name}.member.${at + 1}`, item, form));
  } else if (typeof value === 'object') {
    for (const [member, inner] of Object.entries(value)) {
      flatten(name === '' ? member : `${name}.${member}`, inner as InputValue, form);
    }
  } else {
    form.append(name, String(value));
  }
}

export function form(input: Input): string {
  const form = new URLSearchParams();
  flatten('', input, form);
  return form.toString();
}
