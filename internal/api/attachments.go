package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// maxFiles is how many files one request may bring.
const maxFiles = 20

type attachmentOut struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"content_type" doc:"As its content says."`
	Size        int64  `json:"size" doc:"In bytes."`
	Room        string `json:"room"`
	Message     string `json:"message,omitempty" doc:"The message that brought it."`
	CreatedAt   string `json:"created_at" format:"date-time"`
}

type attachmentsOut struct{ Body attachmentListOut }

type attachmentListOut struct {
	Items []attachmentOut `json:"items" nullable:"false"`
}

type fileIn struct {
	RefIn
	File string `path:"aid" doc:"An attachment's id." maxLength:"40"`
}

func (a *api) addAttachments() {
	add(a, operation{id: "list-attachments", method: http.MethodGet, path: "/tickets/{id}/attachments", tag: "Attachments", summary: "List the files of the rooms that you may read",
		errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity}}, a.listAttachments)
	add(a, operation{id: "add-attachments", method: http.MethodPost, path: "/tickets/{id}/attachments", tag: "Attachments", status: http.StatusCreated, summary: "Add files",
		about: "Files come as a message into a room. Without a room an engineer's files stay at the own desk, and go on with the hand-over that names them; " +
			"the asker's go to whom they talk with. At most 25 MB together.",
		errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}}, a.addFiles)
	a.huma.OpenAPI().Paths[base+"/tickets/{id}/attachments"].Post.RequestBody = uploadRequest()
	add(a, operation{id: "get-attachment", method: http.MethodGet, path: "/tickets/{id}/attachments/{aid}", tag: "Attachments", summary: "Download a file",
		errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity}, ok: &huma.Response{Description: "The file.",
			Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}, a.download)
}

func uploadRequest() *huma.RequestBody {
	text := func(about string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: about} }
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"file"},
		Properties: map[string]*huma.Schema{
			"file": {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "binary"}, Description: "One or more files. room and body come before them."},
			"room": text("The room, as for a message."),
			"body": text("A message that goes with them."),
		}}}}}
}

func (a *api) listAttachments(ctx context.Context, c *call, in *RefIn) (*attachmentsOut, error) {
	list, err := a.filesOf(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	return presentAttachments(list, func(ticket.Attachment) bool { return true }), nil
}

func presentAttachments(list []ticket.Attachment, want func(ticket.Attachment) bool) *attachmentsOut {
	out := &attachmentsOut{Body: attachmentListOut{Items: []attachmentOut{}}}
	for _, f := range list {
		if want(f) {
			out.Body.Items = append(out.Body.Items, attachmentOut{f.ID, f.Name, f.ContentType, f.Size, f.RoomID, f.MessageID, instant(f.CreatedAt)})
		}
	}
	return out
}

func (a *api) addFiles(ctx context.Context, c *call, in *RefIn) (*attachmentsOut, error) {
	s, err := a.Tickets.Find(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	post, err := a.readUpload(ctx, c)
	if err != nil {
		return nil, err
	}
	t := &s.Ticket
	if post.Room == "" && c.actor.Staff() && t.ProviderOrg == c.actor.OrgID && t.RequesterID != c.actor.PersonID {
		// a file that an engineer lays down is not yet an answer
		post.Room = "internal"
	}
	_, m, err := a.Tickets.Write(ctx, c.actor, t.ID, 0, post)
	if err != nil {
		return nil, err
	}
	list, err := a.filesOf(ctx, c.actor, t.ID)
	if err != nil {
		return nil, err
	}
	return presentAttachments(list, func(f ticket.Attachment) bool { return f.MessageID == m.ID }), nil
}

// readUpload stores the files of a form as they arrive.
func (a *api) readUpload(ctx context.Context, c *call) (post ticket.Post, err error) {
	post.Channel = channel
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxUpload)
	form, err := c.r.MultipartReader()
	if err != nil {
		p := newProblem(http.StatusUnsupportedMediaType, "Send the files as a form, with Content-Type: multipart/form-data.")
		return post, p
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = a.readPart(ctx, part, &post)
		}
		if err != nil {
			return post, uploadFault(err)
		}
	}
	if len(post.Files) == 0 {
		return post, fault.New(fault.Invalid, "There is no file in the form.").WithField("file", "Add at least one file.")
	}
	return post, nil
}

func (a *api) readPart(ctx context.Context, part *multipart.Part, post *ticket.Post) error {
	name := part.FormName()
	switch name {
	case "file":
		if len(post.Files) == maxFiles {
			return fault.New(fault.Invalid, "That is too many files at once. Send at most 20.").WithField("file", "Send at most 20 files.")
		}
		f, err := a.Files.Add(ctx, part.FileName(), part)
		post.Files = append(post.Files, f)
		return err
	case "room", "body":
		data, err := io.ReadAll(io.LimitReader(part, maxBody))
		if name == "room" {
			post.Room = string(data)
		} else {
			post.Body = string(data)
		}
		return err
	}
	return fault.New(fault.Invalid, "The form has a field that is not known.").WithField(name, "There is no such field. Use file, room and body.")
}

func uploadFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "The files are larger than 25 MB together. Send fewer, or a link.").WithCause(err)
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.New(fault.Invalid, "The form did not arrive whole. Send it again.").WithCause(err)
}

func (a *api) download(ctx context.Context, c *call, in *fileIn) (*huma.StreamResponse, error) {
	f, err := a.Tickets.AttachmentOf(ctx, c.actor, in.ID, in.File)
	if err != nil {
		return nil, err
	}
	content, err := a.Files.Open(f.Hash)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer content.Close()
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", f.ContentType)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		http.ServeContent(w, r, "", time.UnixMilli(f.CreatedAt), content)
	}}, nil
}

// isID tells an id of ours from a name.
func isID(s string) bool {
	return len(s) == 36 && strings.Count(s, "-") == 4 && !strings.ContainsAny(s, " /.:")
}

// filesOf lists the files of a ticket that the caller may read.
func (a *api) filesOf(ctx context.Context, actor identity.Actor, ref string) ([]ticket.Attachment, error) {
	v, err := a.Tickets.View(ctx, actor, ref, "")
	if err != nil {
		return nil, err
	}
	return append([]ticket.Attachment{}, v.Attachments...), nil
}
