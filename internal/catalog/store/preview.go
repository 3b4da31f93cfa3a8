package store

import "os"

// previewName is a model name's place that no command can name.
const previewName = ".preview"

// Preview makes files of the store openable without showing a model, so that
// someone can look into them before they are installed. done takes the view
// away again. The caller holds the lock.
func (s *Store) Preview(m Manifest) (path string, done func(), err error) {
	m.Name = previewName
	if m.External == "" {
		if err := s.assemble(m); err != nil {
			return "", nil, err
		}
	}
	return s.Path(m), func() { _ = os.RemoveAll(s.folderPath(previewName)) }, nil
}
