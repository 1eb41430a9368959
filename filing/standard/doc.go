// Package standard knows the numbers and dates that documents carry: citizens' numbers (GB 11643), social credit codes (GB
// 32100), organization codes (GB 11714), the numbers of permits and passports, and the forms in which dates are printed. Pure
// functions of text.
//
// What a check character proves is kept apart from what a list of codes says: a number whose region nobody knows may be of a
// region to come, or of a specimen, and is no wrong number.
package standard

import "errors"

// What can be wrong with a number. A number may have several of them; the errors of this package are joined, and none holds
// the number itself, which is personal.
var (
	// ErrLength: it has too many or too few characters.
	ErrLength = errors.New("the number of characters is wrong")
	// ErrCharacter: a character stands where the standard allows none such.
	ErrCharacter = errors.New("a character is not allowed in its place")
	// ErrChecksum: the check character does not belong to the others.
	ErrChecksum = errors.New("the check character is wrong")
	// ErrDate: the date in it does not exist.
	ErrDate = errors.New("the date in it does not exist")
	// ErrOldNumber: a citizen's number of the first generation, of 15 digits without a check character, void since 2013.
	ErrOldNumber = errors.New("a number of 15 digits, which is no longer valid")
	// ErrOrganization: the organization code within a credit code has another check character.
	ErrOrganization = errors.New("the check character of the organization code within is wrong")
)
