package standard

import (
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// Dated is a date in a text and where it stands.
type Dated struct {
	// Date is the day, or filing.LongTerm for 长期.
	Date filing.Date
	// From and To are its place in the text, in code points.
	From, To int
}

// Period is from when until when a document holds (有效期限).
type Period struct {
	// From is absent (0 and false) where only the end is printed.
	From    filing.Date
	HasFrom bool
	Until   filing.Date
}

// FindDates finds the dates in a text, in the forms in which documents print them, in the order of the text:
//
//	2020.01.02  2020-1-2  2020/01/02  20200102
//	2020年1月2日  2020 年 01 月 02 日  二〇二〇年一月二日  二零二零年十二月三十一日
//	02 JAN 2020  2 January 2020  Jan 2, 2020
//	长期  永久  无固定期限
//
// Spaces count nowhere. Marks that recognition confuses with a full stop count as one, and one that it left out may be missing
// where the digits tell. A day that does not exist is no date, and neither are digits of a longer number.
func FindDates(text string) []Dated {
	p := newPrint(text)
	var found []Dated
	for i := 0; i < len(p.runes); {
		if d, end, ok := p.date(i); ok {
			found = append(found, Dated{Date: d, From: p.places[i], To: p.places[end-1] + 1})
			i = end
			continue
		}
		// A long number is passed as a whole: no date begins within it.
		next := i + 1
		for isNumeral(p.runes[i]) && next < len(p.runes) && isNumeral(p.runes[next]) {
			next++
		}
		i = next
	}
	return found
}

// ParseDate reads a text that is one date and nothing else but spaces.
func ParseDate(text string) (filing.Date, bool) {
	p := newPrint(text)
	if len(p.runes) == 0 {
		return 0, false
	}
	d, end, ok := p.date(0)
	return d, ok && end == len(p.runes)
}

// ParsePeriod reads a period: two dates with a dash, 至 or "to" between them or with nothing at all, or the end alone. It reports
// false for any other number of dates, and where the end is before the start.
func ParsePeriod(text string) (Period, bool) {
	switch found := FindDates(text); len(found) {
	case 1:
		return Period{Until: found[0].Date}, true
	case 2:
		from, until := found[0].Date, found[1].Date
		return Period{From: from, HasFrom: true, Until: until}, from <= until && from != filing.LongTerm
	default:
		return Period{}, false
	}
}

// printed is a text without spaces, of half width, and where each of its characters stands.
type printed struct {
	runes  []rune
	places []int
}

func newPrint(text string) printed {
	var p printed
	place := 0
	for _, r := range text {
		if r = narrow(r); r != ' ' && r != '\t' && r != '\u00a0' {
			p.runes = append(p.runes, r)
			p.places = append(p.places, place)
		}
		place++
	}
	return p
}

func isNumeral(r rune) bool { return r >= '0' && r <= '9' }

// date reads a date that begins at a place, and returns where it ends.
func (p printed) date(i int) (filing.Date, int, bool) {
	for _, words := range [...]string{"长期", "長期", "永久", "无固定期限"} {
		if end, ok := p.word(i, words); ok {
			return filing.LongTerm, end, true
		}
	}
	if d, end, ok := p.chinese(i); ok {
		return d, end, true
	}
	if d, end, ok := p.numeric(i); ok {
		return d, end, true
	}
	return p.english(i)
}

// word reports whether words stand at a place, and where they end.
func (p printed) word(i int, words string) (int, bool) {
	for _, w := range words {
		if i >= len(p.runes) || p.runes[i] != w {
			return 0, false
		}
		i++
	}
	return i, true
}

// numeric reads 2020.01.02 and its like.
func (p printed) numeric(i int) (filing.Date, int, bool) {
	year, at, ok := p.number(i, 4, 4)
	if !ok {
		return 0, 0, false
	}
	at, dotted := p.dot(at)
	// A month of one digit needs a mark after it, a day of one digit one before it: 2020.1.2, but 20200102.
	for _, width := range [...]int{2, 1} {
		month, end, ok := p.number(at, width, width)
		if !ok || width == 1 && !dotted {
			continue
		}
		end, marked := p.dot(end)
		if width == 1 && !marked {
			continue
		}
		for _, width := range [...]int{2, 1} {
			day, end, ok := p.number(end, width, width)
			if !ok || width == 1 && !marked || !p.ends(end) {
				continue
			}
			if d, ok := civil(year, month, day); ok {
				return d, end, true
			}
		}
	}
	return 0, 0, false
}

// ends reports whether a date may end at a place: before anything but a digit, or before another date that recognition ran
// together with it.
func (p printed) ends(i int) bool {
	if i >= len(p.runes) || !isNumeral(p.runes[i]) {
		return true
	}
	_, _, ok := p.numeric(i)
	return ok
}

// dot passes one mark between the parts of a date.
func (p printed) dot(i int) (int, bool) {
	if i < len(p.runes) && strings.ContainsRune(".,-/·•。，:;'_", p.runes[i]) {
		return i + 1, true
	}
	return i, false
}

// number reads so many digits.
func (p printed) number(i, least, most int) (value, end int, ok bool) {
	end = i
	for end < len(p.runes) && end-i < most && isNumeral(p.runes[end]) {
		value = 10*value + int(p.runes[end]-'0')
		end++
	}
	return value, end, end-i >= least
}

// chinese reads 2020年1月2日, in numerals of either kind. The last character may be missing, since a seal often covers it.
func (p printed) chinese(i int) (filing.Date, int, bool) {
	year, at, ok := p.number(i, 4, 4)
	if !ok {
		year, at, ok = p.years(i)
	}
	if !ok {
		return 0, 0, false
	}
	var parts [2]int
	for k, unit := range [...]rune{'年', '月'} {
		if at >= len(p.runes) || p.runes[at] != unit {
			return 0, 0, false
		}
		after := at + 1
		if parts[k], at, ok = p.number(after, 1, 2); !ok {
			if parts[k], at, ok = p.numeral(after); !ok {
				return 0, 0, false
			}
		}
	}
	if at < len(p.runes) && (p.runes[at] == '日' || p.runes[at] == '号') {
		at++
	} else if at < len(p.runes) && isNumeral(p.runes[at]) {
		return 0, 0, false
	}
	d, ok := civil(year, parts[0], parts[1])
	return d, at, ok
}

// value is that of a Chinese digit, with the forms of zero that print and recognition know.
func value(r rune) (int, bool) {
	switch r {
	case '〇', '○', '零', '◯', 'O', 'o', '0', 'Ｏ':
		return 0, true
	}
	for v, digits := range [...]string{"一壹1", "二贰两2", "三叁3", "四肆4", "五伍5", "六陆6", "七柒7", "八捌8", "九玖9"} {
		if strings.ContainsRune(digits, r) {
			return v + 1, true
		}
	}
	return 0, false
}

// years reads the four digits of a year such as 二〇二〇.
func (p printed) years(i int) (year, end int, ok bool) {
	for k := range 4 {
		if i+k >= len(p.runes) {
			return 0, 0, false
		}
		v, ok := value(p.runes[i+k])
		if !ok {
			return 0, 0, false
		}
		year = 10*year + v
	}
	return year, i + 4, true
}

// numeral reads a Chinese number below 100: 一, 十, 十二, 二十, 三十一, 一十二, and 〇一 of forms.
func (p printed) numeral(i int) (number, end int, ok bool) {
	digit := func() (int, bool) {
		if i >= len(p.runes) {
			return 0, false
		}
		v, ok := value(p.runes[i])
		if ok {
			i++
		}
		return v, ok
	}
	first, some := digit()
	if i < len(p.runes) && (p.runes[i] == '十' || p.runes[i] == '拾') {
		i++
		if !some {
			first = 1
		}
		units, _ := digit()
		return 10*first + units, i, true
	}
	if second, more := digit(); more {
		first = 10*first + second
	}
	return first, i, some
}

// english reads 02 JAN 2020, 2 January 2020 and Jan 2, 2020.
func (p printed) english(i int) (filing.Date, int, bool) {
	if month, at, ok := p.month(i); ok {
		day, at, ok := p.number(at, 1, 2)
		if !ok {
			return 0, 0, false
		}
		at, _ = p.dot(at)
		return p.finish(month, day, at)
	}
	day, at, ok := p.number(i, 1, 2)
	if !ok {
		return 0, 0, false
	}
	at, _ = p.dot(at)
	month, at, ok := p.month(at)
	if !ok {
		return 0, 0, false
	}
	at, _ = p.dot(at)
	return p.finish(month, day, at)
}

// finish reads the year of an English date.
func (p printed) finish(month, day, at int) (filing.Date, int, bool) {
	year, end, ok := p.number(at, 4, 4)
	if !ok || end < len(p.runes) && isNumeral(p.runes[end]) {
		return 0, 0, false
	}
	d, ok := civil(year, month, day)
	return d, end, ok
}

// month reads the English name of a month, whole or its first three letters, and a full stop.
func (p printed) month(i int) (month, end int, ok bool) {
	letters := i
	for letters < len(p.runes) && letters < i+9 && (p.runes[letters]|0x20) >= 'a' && (p.runes[letters]|0x20) <= 'z' {
		letters++
	}
	name := strings.ToLower(string(p.runes[i:letters]))
	for k, full := range [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september",
		"october", "november", "december"} {
		if len(name) >= 3 && (name == full || name == full[:3]) {
			end, _ = p.dot(letters)
			return k + 1, end, true
		}
	}
	return 0, 0, false
}

// civil returns the day of a date that exists.
func civil(year, month, day int) (filing.Date, bool) {
	four := func(v, n int) string {
		out := make([]byte, n)
		for i := n - 1; i >= 0; i-- {
			out[i] = byte('0' + v%10)
			v /= 10
		}
		return string(out)
	}
	if year > 9999 || month > 12 || day > 31 {
		return 0, false
	}
	return filing.ParseDate(four(year, 4) + "-" + four(month, 2) + "-" + four(day, 2))
}
