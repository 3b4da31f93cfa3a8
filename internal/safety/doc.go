// Package safety judges text in the three groups of CLOVA Studio's filter:
// profanity, hate and discrimination, sexual language. The method is a simple
// and old one: the text is normalised as Korean writers disguise words
// (syllables pulled apart, letters spelt alone, signs between), and searched
// for the patterns of words.txt, each with the harmless words that contain it.
// Where somebody asks for it, a model judges what the list cannot see.
//
// It finds words, not intentions: an insult without an insulting word passes,
// and a quotation does not. docs/safety.md has its precision and recall. It
// does not know who wrote the text, and it never blocks anything itself.
package safety
