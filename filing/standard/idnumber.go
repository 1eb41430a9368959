package standard

import (
	"errors"

	"github.com/preflight-icp/preflight/filing"
)

// IDNumber is a citizen's number (公民身份号码, GB 11643-1999); the residence permits of residents of Hong Kong, Macau and Taiwan
// carry one of the same form.
type IDNumber struct {
	// Number are its 18 characters, the last one a digit or X.
	Number string
	// Region is where it was given; the zero value where GB/T 2260 has none of its code.
	Region Region
	// Birth is the date of birth; 0 where the date does not exist.
	Birth filing.Date
	// Male says that it was given to a man: the seventeenth digit is odd.
	Male bool
}

// RegionKnown reports whether GB/T 2260 has a region of the number's first two digits.
func (n IDNumber) RegionKnown() bool { return n.Region.Code != "" }

const (
	idLength    = 18
	oldIDLength = 15
)

// ParseIDNumber reads a citizen's number; spaces are left out, and a small x is a large one. The errors are ErrLength,
// ErrOldNumber, ErrCharacter, and with ErrDate and ErrChecksum the number is returned as far as it holds.
func ParseIDNumber(text string) (IDNumber, error) {
	s := compact(text)
	switch {
	case len(s) == oldIDLength && digits(s):
		return IDNumber{}, ErrOldNumber
	case len(s) != idLength:
		return IDNumber{}, ErrLength
	case !digits(s[:17]) || !isDigit(s[17]) && s[17] != 'X':
		return IDNumber{}, ErrCharacter
	}
	n := IDNumber{Number: s, Male: (s[16]-'0')%2 == 1}
	n.Region, _ = RegionOf(s)
	var problems []error
	birth, ok := filing.ParseDate(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
	if n.Birth = birth; !ok {
		problems = append(problems, ErrDate)
	}
	if idCheck(s) != s[17] {
		problems = append(problems, ErrChecksum)
	}
	return n, errors.Join(problems...)
}

// idCheck is the check character of the first 17 digits: ISO 7064, MOD 11-2.
func idCheck(s string) byte {
	product := 0
	for i := range 17 {
		product = (product + int(s[i]-'0')) * 2 % 11
	}
	return "10X98765432"[product]
}

// IsIDNumber reports whether a text has the form of a citizen's number of 18 characters, right or wrong.
func IsIDNumber(text string) bool {
	_, err := ParseIDNumber(text)
	return err == nil || errors.Is(err, ErrDate) || errors.Is(err, ErrChecksum)
}

// compact leaves out spaces and makes letters large and of half width. What is beyond ASCII becomes a question mark, so that a
// character is a byte.
func compact(text string) string {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		switch r = narrow(r); {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0':
		case r >= 'a' && r <= 'z':
			out = append(out, r-'a'+'A')
		case r > '~':
			out = append(out, '?')
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// narrow returns the half-width form of a full-width character (全角) of ASCII, and of the ideographic space.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	}
	return r
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return len(s) > 0
}
