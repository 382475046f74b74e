/** Instants as people read them, without a clock: the core has no `Date`. */

/** `HH:MM:SS UTC` of an instant, in milliseconds since 1970. */
export function timeOfDay(atMs: number): string {
  const seconds = Math.floor(atMs / 1000) % 86_400;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${parts.map((part) => part.toString().padStart(2, '0')).join(':')} UTC`;
}

/** `YYYY-MM-DD HH:MM:SS UTC` of an instant from 1970 to 9999: for what may have been days ago. */
export function dateAndTime(atMs: number): string {
  return `${dateOf(Math.floor(atMs / 86_400_000))} ${timeOfDay(atMs)}`;
}

/** Days of 400 years, after which the calendar repeats; of 100 years and of 4, without and with the leap day. */
const [daysOf400Years, daysOf100Years, daysOf4Years] = [146_097, 36_524, 1_461];

/** Days from 0000-03-01, where the counted years begin so that a leap day is a year's last, to 1970-01-01. */
const daysBefore1970 = 719_468;

/** `YYYY-MM-DD` of a day, counted from 1970-01-01. */
function dateOf(day: number): string {
  const days = day + daysBefore1970;
  const era = Math.floor(days / daysOf400Years);
  const ofEra = days - era * daysOf400Years;
  const leapDays =
    Math.floor(ofEra / (daysOf4Years - 1)) -
    Math.floor(ofEra / daysOf100Years) +
    Math.floor(ofEra / (daysOf400Years - 1));
  const yearOfEra = Math.floor((ofEra - leapDays) / 365);
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // From March on, five months have 153 days, again and again.
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const dayOfMonth = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (part: number): string => part.toString().padStart(2, '0');
  return `${year.toString().padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`;
}
