package app

import (
	"context"

	"malmoi/internal/httpapi/door"
	"malmoi/internal/skill"
)

// skillBody is something that models may use when they answer.
type skillBody struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Effect      string `json:"effect" enum:"pure,reads,changes,page" doc:"pure touches nothing, reads brings in text of strangers, changes asks first, page is done by the user's page"`
}

type skillsBody struct {
	Skills []skillBody `json:"skills"`
}

var effects = map[skill.Effect]string{skill.Pure: "pure", skill.Reads: "reads", skill.Changes: "changes", skill.Page: "page"}

func (a *API) skills() {
	call(a, door.Chats, "GET /api/skills", "List the skills that answers may use", func(ctx context.Context, _ *none) (skillsBody, error) {
		out := skillsBody{Skills: []skillBody{}}
		for _, x := range a.opt.Converse.Available(ctx, who(ctx)) {
			out.Skills = append(out.Skills, skillBody{x.Name, x.Title, x.Description, effects[x.Effect]})
		}
		return out, nil
	})
}
