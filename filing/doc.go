// Package filing holds the nouns of Preflight: the facts of an ICP filing (备案), the photos uploaded for it, what was
// measured in them, what was found, what the rules require, and the verdict. Plain data that prints well as JSON; every
// other room speaks in these words and this one knows no other room. The public names are those of the contract, whose
// files the project carries in filing/contract.
package filing
