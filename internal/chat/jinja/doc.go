// Package jinja renders chat templates: the Jinja2 language with the Python
// semantics that chat templates rely on, as the Hugging Face libraries set it
// up (trim_blocks, lstrip_blocks, loop controls, the generation tag, an
// immutable sandbox, tojson that keeps Unicode, raise_exception, strftime_now).
//
// A template is parsed once and rendered many times, concurrently. Strings
// carry a mark that says which bytes came from outside the template; the mark
// survives every string operation, so a caller can tell the template's own
// special tokens from the same characters typed by a user (see Segment).
//
// The package knows nothing about chats, models or tokens. It never reads
// files, the environment or the clock (the clock is given), it loads no other
// template (include, import and extends fail), and it offers nothing random.
package jinja
