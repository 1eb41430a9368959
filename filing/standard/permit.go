package standard

import "strings"

// NumberKind is what a number of a person's document is by its form (证件号码类型). Permits and passports have no check
// character outside of their machine-readable zone, so that nothing is proven.
type NumberKind string

// The kinds of numbers.
const (
	// NumberCitizen: a citizen's number, GB 11643 (居民身份证、居住证).
	NumberCitizen NumberKind = "citizen"
	// NumberHongKongMacauResidence and NumberTaiwanResidence: of residence permits of residents of Hong Kong and Macau (810000,
	// 820000) and of Taiwan (830000), in the form of GB 11643.
	NumberHongKongMacauResidence NumberKind = "hk_macau_residence_permit"
	NumberTaiwanResidence        NumberKind = "taiwan_residence_permit"
	// NumberHongKongMacauTravel: H or M and 8 digits; 2 more count the cards before 2013 (港澳居民来往内地通行证).
	NumberHongKongMacauTravel NumberKind = "hk_macau_travel_permit"
	// NumberTaiwanTravel: 8 digits; 10 and a letter before 2015 (台湾居民来往大陆通行证).
	NumberTaiwanTravel NumberKind = "taiwan_travel_permit"
	// NumberPassport: a passport's, up to 9 letters and digits (ICAO Doc 9303-4); at least 5, and 3 of them digits.
	NumberPassport NumberKind = "passport"
)

// KindOfNumber tells what a number is by its form; false where it is none of them. What fits several is the first in the order
// of the constants: 8 digits are a permit of Taiwan and may be a passport.
func KindOfNumber(text string) (NumberKind, bool) {
	s := compact(text)
	switch {
	case IsIDNumber(s):
		switch s[:6] {
		case "810000", "820000":
			return NumberHongKongMacauResidence, true
		case "830000":
			return NumberTaiwanResidence, true
		}
		return NumberCitizen, true
	case (len(s) == 9 || len(s) == 11) && (s[0] == 'H' || s[0] == 'M') && digits(s[1:]):
		return NumberHongKongMacauTravel, true
	case len(s) == 8 && digits(s), len(s) == 11 && digits(s[:10]) && isLetter(s[10]):
		return NumberTaiwanTravel, true
	case isPassport(s):
		return NumberPassport, true
	}
	return "", false
}

func isPassport(s string) bool {
	if len(s) < 5 || len(s) > 9 {
		return false
	}
	numbers := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			numbers++
		} else if !isLetter(s[i]) {
			return false
		}
	}
	return numbers >= 3
}

// IsChinesePassport reports whether a number has the form of a passport of China: E, G, D, S or P and 8 digits, the first of which
// is a letter other than I and O in those of E since 2017, and may be E in the other kinds.
func IsChinesePassport(text string) bool {
	s := compact(text)
	if len(s) != 9 || !digits(s[2:]) {
		return false
	}
	switch s[0] {
	case 'E':
		return isDigit(s[1]) || isLetter(s[1]) && s[1] != 'I' && s[1] != 'O'
	case 'G':
		return isDigit(s[1])
	case 'D', 'S', 'P':
		return isDigit(s[1]) || s[1] == 'E'
	}
	return false
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

// MachineCheck is the check digit of a part of a machine-readable zone (ICAO Doc 9303-3, section 4.9): weights 7, 3, 1, letters from
// 10, the filler 0, modulo 10. It is 0 where the part has any other character.
func MachineCheck(part string) byte {
	sum := 0
	for i := range len(part) {
		v := strings.IndexByte(organizationAlphabet, part[i])
		switch {
		case part[i] == '<':
			v = 0
		case v < 0:
			return 0
		}
		sum += v * [...]int{7, 3, 1}[i%3]
	}
	return byte('0' + sum%10)
}
