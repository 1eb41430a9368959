package filing

import (
	"math"
	"time"
)

// Date is a day of the civil calendar, in days since 1970-01-01 (日期). It has no time and no zone.
type Date int32

// LongTerm is the validity of a document that never expires (长期): later than every other date.
const LongTerm Date = math.MaxInt32

const longTermWord = "long_term"

// Dates outside these years are taken for typing errors.
const (
	minYear = 1900
	maxYear = 9999
)

// NewDate returns the day of that year, month (1-12) and day of the month; days beyond the month's end run over.
func NewDate(year, month, day int) Date {
	return Date(daysFromCivil(year, month, 1) + day - 1)
}

// Today returns the day on which the moment falls in Asia/Shanghai, which has had no summer time since 1991: UTC+8.
func Today(now time.Time) Date {
	y, m, d := now.UTC().Add(8 * time.Hour).Date()
	return NewDate(y, int(m), d)
}

// ParseDate reads YYYY-MM-DD of a day that exists, from 1900 to 9999. It reports false for anything else.
func ParseDate(text string) (Date, bool) { return parseDate([]byte(text)) }

func parseDate(text []byte) (Date, bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	number := func(digits []byte) int {
		n := 0
		for _, c := range digits {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	y, m, d := number(text[:4]), number(text[5:7]), number(text[8:])
	if y < minYear || y > maxYear || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return NewDate(y, m, d), true
}

// String returns YYYY-MM-DD, or "long_term".
func (d Date) String() string { return string(d.append(nil)) }

func (d Date) append(b []byte) []byte {
	if d == LongTerm {
		return append(b, longTermWord...)
	}
	y, m, day := d.civil()
	return append(b, byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+day/10), byte('0'+day%10))
}

// AddDays returns the day n days later; LongTerm stays what it is.
func (d Date) AddDays(n int) Date {
	if d == LongTerm {
		return d
	}
	return d + Date(n)
}

// AddMonths returns the same day n calendar months later, clamped to the month's last day: 2020-11-30 and 3 months make
// 2021-02-28. LongTerm stays what it is.
func (d Date) AddMonths(n int) Date {
	if d == LongTerm {
		return d
	}
	y, m, day := d.civil()
	total := y*12 + m - 1 + n
	y, m = total/12, total%12+1
	return NewDate(y, m, min(day, daysIn(y, m)))
}

// civil returns year, month and day, after Howard Hinnant's days algorithms: eras of 400 years that start in March.
func (d Date) civil() (year, month, day int) {
	z := int(d) + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func daysFromCivil(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}
