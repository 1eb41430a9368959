package standard

import (
	"errors"
	"strings"
)

// CreditCode is a unified social credit code (统一社会信用代码, GB 32100-2015).
type CreditCode struct {
	// Code are its 18 characters.
	Code string
	// Authority is who registers (登记管理部门代码), Category what was registered with them (机构类别代码): 91 an enterprise, 92 an
	// individual business, 93 a cooperative, 11 an organ, 12 an institution, 51 a social organization, 52 a private non-enterprise
	// unit, 53 a foundation.
	Authority, Category byte
	// Region is that of the authority; the zero value where GB/T 2260 has none of its code.
	Region Region
	// Organization is the organization code (GB 11714) within it, 9 characters.
	Organization string
}

// RegionKnown reports whether GB/T 2260 has a region of the code's third and fourth digits. Units that were registered with the
// state's own offices have 10.
func (c CreditCode) RegionKnown() bool {
	return c.Region.Code != "" || c.Code != "" && c.Code[2:4] == "10"
}

const (
	// creditAlphabet are the characters of GB 32100, in the order of their values: no I, O, S, V, Z.
	creditAlphabet       = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	creditLength         = 18
	organizationAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	organizationLength   = 9
)

// ParseCreditCode reads a credit code; spaces are left out, and small letters are large ones. The errors are ErrLength,
// ErrCharacter, and with ErrChecksum and ErrOrganization the code is returned as far as it holds.
func ParseCreditCode(text string) (CreditCode, error) {
	s := compact(text)
	if len(s) != creditLength {
		return CreditCode{}, ErrLength
	}
	for i := range len(s) {
		if !creditAllows(i, s[i]) {
			return CreditCode{}, ErrCharacter
		}
	}
	c := CreditCode{Code: s, Authority: s[0], Category: s[1], Organization: s[8:17]}
	c.Region, _ = RegionOf(s[2:])
	var problems []error
	if creditCheck(s) != s[17] {
		problems = append(problems, ErrChecksum)
	}
	if organizationCheck(c.Organization) != c.Organization[8] {
		problems = append(problems, ErrOrganization)
	}
	return c, errors.Join(problems...)
}

// creditAllows reports whether a character may stand at a place: places 3 to 8 are the digits of a region.
func creditAllows(i int, c byte) bool {
	if i >= 2 && i < 8 {
		return isDigit(c)
	}
	return strings.IndexByte(creditAlphabet, c) >= 0
}

// creditCheck is the check character of the first 17: weights 3^(i-1), modulo 31.
func creditCheck(s string) byte {
	sum, weight := 0, 1
	for i := range 17 {
		sum += weight * strings.IndexByte(creditAlphabet, s[i])
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

// IsCreditCode reports whether a text has the form of a credit code, right or wrong.
func IsCreditCode(text string) bool {
	_, err := ParseCreditCode(text)
	return err == nil || errors.Is(err, ErrChecksum) || errors.Is(err, ErrOrganization)
}

// OrganizationCode is an organization code (组织机构代码, GB 11714-1997): eight characters and a check character.
type OrganizationCode string

// ParseOrganizationCode reads an organization code, with or without the hyphen before its last character. The errors are
// ErrLength, ErrCharacter, and with ErrChecksum the code is returned.
func ParseOrganizationCode(text string) (OrganizationCode, error) {
	s := compact(text)
	if len(s) == organizationLength+1 && s[8] == '-' {
		s = s[:8] + s[9:]
	}
	if len(s) != organizationLength {
		return "", ErrLength
	}
	for i := range 8 {
		if strings.IndexByte(organizationAlphabet, s[i]) < 0 {
			return "", ErrCharacter
		}
	}
	if !isDigit(s[8]) && s[8] != 'X' {
		return "", ErrCharacter
	}
	if organizationCheck(s) != s[8] {
		return OrganizationCode(s), ErrChecksum
	}
	return OrganizationCode(s), nil
}

// organizationCheck is the check character of the first eight: weights 3, 7, 9, 10, 5, 8, 4, 2, modulo 11.
func organizationCheck(s string) byte {
	sum := 0
	for i, weight := range [...]int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += weight * strings.IndexByte(organizationAlphabet, s[i])
	}
	return "0X987654321"[sum%11]
}
