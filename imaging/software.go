package imaging

import (
	"bytes"
	"encoding/binary"
	"html"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxName is how many characters of a name (program, camera) are kept.
	maxName = 64
	// maxSoftware is how many different programs are kept.
	maxSoftware = 8
	// photoshop is the name that is reported where a block is there that only this program writes.
	photoshop = "Adobe Photoshop"
)

// appendSoftware adds the names that are not there yet, cleaned, as long as there is room.
func appendSoftware(list []string, names ...string) []string {
	for _, name := range names {
		name = cleanName(name)
		if name != "" && len(list) < maxSoftware && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// cleanName keeps what a person can read: valid, printable, trimmed, at most maxName characters.
func cleanName(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
	if runes := []rune(s); len(runes) > maxName {
		s = strings.TrimSpace(string(runes[:maxName]))
	}
	return s
}

// softwareInXMP finds the properties xmp:CreatorTool and stEvt:softwareAgent (XMP part 1 and 2), written as attribute or
// as element. The packet is searched and not parsed: no entity is expanded and nothing nests.
func softwareInXMP(packet []byte) []string {
	var names []string
	for _, property := range []string{"CreatorTool", "softwareAgent"} {
		rest := packet
		for range maxSoftware {
			i := bytes.Index(rest, []byte(property))
			if i < 0 {
				break
			}
			rest = rest[i+len(property):]
			value := bytes.TrimLeft(rest[:min(len(rest), 8*maxName)], " \t\r\n")
			var until byte
			switch {
			case bytes.HasPrefix(value, []byte(">")):
				value, until = value[1:], '<'
			case bytes.HasPrefix(value, []byte("=")):
				value = bytes.TrimLeft(value[1:], " \t\r\n")
				if len(value) == 0 || value[0] != '"' && value[0] != '\'' {
					continue
				}
				value, until = value[1:], value[0]
			default:
				continue
			}
			if end := bytes.IndexByte(value, until); end >= 0 {
				names = append(names, html.UnescapeString(string(value[:end])))
			}
		}
	}
	return names
}

// softwareInComment knows the comments by which programs sign ("Created with GIMP", "CREATOR: gd-jpeg v1.0"). Any
// other comment may be personal, and is not kept.
func softwareInComment(body []byte) []string {
	text := string(body[:min(len(body), 4*maxName)])
	for _, prefix := range []string{"Created with ", "CREATOR: ", "Edited with "} {
		if name, is := strings.CutPrefix(text, prefix); is {
			name, _, _ = strings.Cut(name, "\n")
			return []string{name}
		}
	}
	return nil
}

// Image resources of Photoshop that other programs write too: the IPTC caption and its digest.
const (
	resourceIPTC       = 0x0404
	resourceIPTCDigest = 0x0425
)

// softwareInResources names the programs that an APP13 segment tells of: Photoshop where it holds an image resource
// ("8BIM") beyond the two that carry IPTC captions, which agencies and social networks write as well, and whatever those
// captions name as the originating program.
func softwareInResources(body []byte) []string {
	var names []string
	rest, is := bytes.CutPrefix(body, []byte("Photoshop 3.0\x00"))
	for is && len(rest) >= 12 && string(rest[:4]) == "8BIM" {
		id := binary.BigEndian.Uint16(rest[4:])
		if id != resourceIPTC && id != resourceIPTCDigest {
			return append(names, photoshop)
		}
		name := (int(rest[6]) + 2) &^ 1 // a Pascal string, padded to an even length
		if len(rest) < 6+name+4 {
			break
		}
		data := rest[6+name+4:]
		size := uint64(binary.BigEndian.Uint32(rest[6+name:]))
		if size > uint64(len(data)) {
			break
		}
		if id == resourceIPTC {
			names = append(names, programInIPTC(data[:size])...)
		}
		rest = data[min((size+1)&^1, uint64(len(data))):]
	}
	return names
}

// programInIPTC reads dataset 2:65, Originating Program, of IPTC-IIM 4.2. Other datasets are personal, and not looked at.
func programInIPTC(data []byte) []string {
	const header, record, program = 5, 2, 65
	for len(data) >= header && data[0] == 0x1c {
		size := int(binary.BigEndian.Uint16(data[3:]))
		if size > len(data)-header { // an extended dataset, or a lie
			return nil
		}
		if data[1] == record && data[2] == program {
			return []string{string(data[header : header+size])}
		}
		data = data[header+size:]
	}
	return nil
}
