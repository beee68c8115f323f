/** How long, and how long ago. Short: they stand in cells. The dashboard's script uses the same words. */
export const timeTexts = {
  'time.milliseconds': { en: '{number} ms', ru: '{number} мс' },
  'time.seconds': { en: '{number} s', ru: '{number} с' },
  'time.minutes': { en: '{number} min', ru: '{number} мин' },
  'time.hours': { en: '{number} h', ru: '{number} ч' },
  'time.days': { en: '{number} d', ru: '{number} дн.' },
  'time.ago': { en: '{time} ago', ru: '{time} назад' },
  'time.in': { en: 'in {time}', ru: 'через {time}' },
  'time.now': { en: 'now', ru: 'сейчас' },
} as const;
