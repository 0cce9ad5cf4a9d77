// The text filter above a table.

import TextFilter from '@cloudscape-design/components/text-filter';

interface FilterProps {
  readonly text: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
}

export function Filter({ text, label, onChange }: FilterProps): React.JSX.Element {
  return (
    <TextFilter
      filteringText={text}
      filteringPlaceholder={label}
      filteringAriaLabel={label}
      onChange={({ detail }) => onChange(detail.filteringText)}
    />
  );
}
