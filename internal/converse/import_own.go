package converse

import (
	"context"
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
)

// archive takes over a file of ours: folders with their files, presets, prompts
// and memories that are not here yet, settings if the user has none, and the
// chats in their folders.
func (i *importer) archive(ctx context.Context, a Archive) error {
	if a.Version > formatVersion {
		return invalid("file", "was made by a newer malmoi (version %d of the form, this one reads up to %d)", a.Version, formatVersion)
	}
	folders, err := i.folders(ctx, a.Folders)
	if err != nil {
		return err
	}
	presets, err := i.presets(ctx, a.Presets)
	if err != nil {
		return err
	}
	if err := errors.Join(i.prompts(ctx, a.Prompts), i.memories(ctx, a.Memories), i.settings(ctx, a.Settings)); err != nil {
		return err
	}
	for _, c := range a.Chats {
		c.Folder, c.Preset = folders[c.Folder], presets[c.Preset]
		if err := i.take(ctx, found{chat: c}); err != nil {
			return err
		}
	}
	return nil
}

// refused notes what this site does not take and lets other errors through.
func (i *importer) refused(title string, err error) error {
	var bad *InvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &bad):
		i.skip(title, bad.Error())
		return nil
	case errors.Is(err, ErrNotText):
		i.skip(title, err.Error())
		return nil
	}
	return err
}

// folders returns which folder here each of the file's has become.
func (i *importer) folders(ctx context.Context, list []ArchiveFolder) (map[string]string, error) {
	out := map[string]string{}
	have, err := i.s.store.Folders(ctx, i.p.User)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		at := slices.IndexFunc(have, func(f Folder) bool { return f.Name == x.Name && f.Instructions == x.Instructions })
		if at >= 0 {
			out[x.ID] = have[at].ID
		} else {
			f, err := i.s.CreateFolder(ctx, i.p, Folder{Name: clean(x.Name), Instructions: clean(x.Instructions), Color: x.Color})
			if err != nil {
				if err := i.refused(x.Name, err); err != nil {
					return nil, err
				}
				continue
			}
			out[x.ID] = f.ID
		}
		if err := i.files(ctx, out[x.ID], x.Files); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (i *importer) files(ctx context.Context, folder string, list []ArchiveFile) error {
	have, err := i.s.store.Files(ctx, i.p.User, folder, 0)
	if err != nil {
		return err
	}
	for _, x := range list {
		if slices.ContainsFunc(have, func(f File) bool { return f.Name == x.Name }) {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(x.Data)
		if err != nil {
			i.skip(x.Name, whyBroken)
			continue
		}
		_, err = i.s.AddFile(ctx, i.p, folder, clean(x.Name), data)
		if err := i.refused(x.Name, err); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) presets(ctx context.Context, list []ArchivePreset) (map[string]string, error) {
	out := map[string]string{}
	have, err := i.s.store.Presets(ctx, i.p.User)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		at := slices.IndexFunc(have, func(p Preset) bool {
			return p.Name == x.Name && p.Model == x.Model && p.System == x.System && p.Tone == x.Tone
		})
		if at >= 0 {
			out[x.ID] = have[at].ID
			continue
		}
		p, err := i.s.PutPreset(ctx, i.p, Preset{Name: clean(x.Name), Model: clean(x.Model), System: clean(x.System), Tone: x.Tone, Params: x.Params})
		if err == nil {
			out[x.ID] = p.ID
		} else if err := i.refused(x.Name, err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (i *importer) prompts(ctx context.Context, list []ArchivePrompt) error {
	have, err := i.s.store.Prompts(ctx, i.p.User)
	if err != nil {
		return err
	}
	for _, x := range list {
		if slices.ContainsFunc(have, func(p Prompt) bool { return p.Name == x.Name && p.Text == x.Text }) {
			continue
		}
		_, err := i.s.PutPrompt(ctx, i.p, Prompt{Name: clean(x.Name), Text: clean(x.Text)})
		if err := i.refused(x.Name, err); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) memories(ctx context.Context, list []ArchiveMemory) error {
	have, err := i.s.store.Memories(ctx, i.p.User)
	if err != nil {
		return err
	}
	for _, x := range list {
		if slices.ContainsFunc(have, func(m Memory) bool { return m.Text == x.Text }) {
			continue
		}
		_, err := i.s.PutMemory(ctx, i.p, Memory{Text: clean(x.Text), Enabled: x.Enabled})
		if err := i.refused(head(x.Text, titleChars), err); err != nil {
			return err
		}
	}
	return nil
}

// settings are taken over by a user who has none of their own.
func (i *importer) settings(ctx context.Context, x *Settings) error {
	have, err := i.s.store.Settings(ctx, i.p.User)
	if err != nil || x == nil || !reflect.DeepEqual(have, Settings{Memory: true}) { // what the store gives to whom has none
		return err
	}
	_, err = i.s.PutSettings(ctx, i.p, *x)
	return i.refused("settings", err)
}
