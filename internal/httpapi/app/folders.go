package app

import (
	"context"
	"net/http"

	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
)

type folderBody struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Instructions string `json:"instructions"`
	Color        string `json:"color"`
	Created      int64  `json:"created"`
}

func newFolder(f converse.Folder) folderBody {
	return folderBody{f.ID, f.Name, f.Instructions, f.Color, millis(f.Created)}
}

type foldersBody struct {
	Folders []folderBody `json:"folders"`
}

type newFolderBody struct {
	Name         string `json:"name"`
	Instructions string `json:"instructions,omitempty"`
	Color        string `json:"color,omitempty"`
}

type folderChange struct {
	Name         *string `json:"name,omitempty"`
	Instructions *string `json:"instructions,omitempty"`
	Color        *string `json:"color,omitempty"`
}

type fileBody struct {
	ID      string `json:"id"`
	Folder  string `json:"folder"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	Created int64  `json:"created"`
}

func newFile(f converse.File) fileBody {
	return fileBody{f.ID, f.Folder, f.Name, f.Type, f.Size, millis(f.Created)}
}

type filesBody struct {
	Files []fileBody `json:"files"`
}

func (a *API) folders() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/folders", "List my folders", func(ctx context.Context, _ *none) (foldersBody, error) {
		list, err := s.Folders(ctx, who(ctx))
		out := foldersBody{Folders: []folderBody{}}
		for _, f := range list {
			out.Folders = append(out.Folders, newFolder(f))
		}
		return out, err
	})
	sized(a, door.Writes, "POST /api/folders", "Make a folder", maxText, func(ctx context.Context, in *struct{ Body newFolderBody }) (folderBody, error) {
		f, err := s.CreateFolder(ctx, who(ctx), converse.Folder{Name: in.Body.Name, Instructions: in.Body.Instructions, Color: in.Body.Color})
		return newFolder(f), err
	})
	sized(a, door.Writes, "PATCH /api/folders/{id}", "Change a folder", maxText, func(ctx context.Context, in *struct {
		ByID
		Body folderChange
	}) (folderBody, error) {
		f, err := s.ChangeFolder(ctx, who(ctx), in.ID, converse.FolderChange(in.Body))
		return newFolder(f), err
	})
	do(a, door.Writes, "DELETE /api/folders/{id}", "Delete a folder; its chats stay", func(ctx context.Context, in *ByID) error {
		return s.DeleteFolder(ctx, who(ctx), in.ID)
	})
	a.files()
}

// fileInput names a file of a folder.
type fileInput struct {
	ByID
	File string `path:"file" maxLength:"128"`
}

func (a *API) files() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/folders/{id}/files", "List a folder's files", func(ctx context.Context, in *ByID) (filesBody, error) {
		list, err := s.Files(ctx, who(ctx), in.ID)
		out := filesBody{Files: []fileBody{}}
		for _, f := range list {
			out.Files = append(out.Files, newFile(f))
		}
		return out, err
	})
	sized(a, door.Writes, "POST /api/folders/{id}/files", "Put a file into a folder: the body is the file", converse.MaxFile, func(ctx context.Context, in *struct {
		ByID
		Name    string `query:"name" required:"true" minLength:"1" maxLength:"400"`
		RawBody []byte `contentType:"application/octet-stream"`
	}) (fileBody, error) {
		f, err := s.AddFile(ctx, who(ctx), in.ID, in.Name, in.RawBody)
		return newFile(f), err
	})
	do(a, door.Writes, "DELETE /api/folders/{id}/files/{file}", "Take a file out of a folder", func(ctx context.Context, in *fileInput) error {
		return s.DeleteFile(ctx, who(ctx), in.ID, in.File)
	})
	op := download("/api/folders/{id}/files/{file}", "A file as it was uploaded", "application/octet-stream", pathParam("id"), pathParam("file"))
	a.raw(door.Chats, false, op, func(w http.ResponseWriter, r *http.Request) error {
		f, data, err := s.ReadFile(r.Context(), who(r.Context()), r.PathValue("id"), r.PathValue("file"))
		if err != nil {
			return err
		}
		out := attach(w, "application/octet-stream", f.Name, a.opt.WriteTimeout)
		_, err = out.Write(data)
		return out.ended(err)
	})
}
