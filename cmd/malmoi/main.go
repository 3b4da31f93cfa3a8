// Command malmoi runs open language models on machines people own: see
// README.md, or 'malmoi help'.
package main

func main() {}
