package wording

import "strings"

// Language is the English name of a language by its tag ("fr": "French", "pt-BR": "Portuguese (BR)"), or the tag itself.
func Language(tag string) string {
	primary, region, _ := strings.Cut(tag, "-")
	name, ok := languages[strings.ToLower(primary)]
	switch {
	case !ok:
		return tag
	case region != "":
		return name + " (" + region + ")"
	}
	return name
}

// languages are the names of languages by their two letters. It is constant data.
var languages = map[string]string{
	"ar": "Arabic", "bg": "Bulgarian", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
	"en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "he": "Hebrew",
	"hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese",
	"ko": "Korean", "lb": "Luxembourgish", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ms": "Malay", "mt": "Maltese",
	"nb": "Norwegian", "nl": "Dutch", "nn": "Norwegian", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
	"ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
	"uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese", "any": "other languages",
}
