import { Option } from 'commander';

/** An option that may be given again. Its value is a list of all that it was given. */
export class RepeatableOption extends Option {
  constructor(flags: string, description: string) {
    super(flags, description);
    this.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  }
}
