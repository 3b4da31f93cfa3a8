package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Options say where a bucket is.
type S3Options struct {
	Endpoint  string // host:port
	Insecure  bool   // http instead of https
	Region    string // "" asks the server
	Bucket    string
	Prefix    string // of the names, without a slash at its end; may be ""
	AccessKey string
	SecretKey string
}

// ParseS3 reads s3://KEY:SECRET@HOST:PORT/BUCKET/PREFIX?region=R&insecure=1.
func ParseS3(address string) (S3Options, error) {
	u, err := url.Parse(address)
	if err != nil {
		return S3Options{}, errors.New("blob: the address of the bucket cannot be read") // the error would show the secret
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if u.Scheme != "s3" || u.Host == "" || bucket == "" {
		return S3Options{}, errors.New("blob: an address of a bucket is s3://KEY:SECRET@HOST/BUCKET/PREFIX")
	}
	secret, _ := u.User.Password()
	return S3Options{
		Endpoint: u.Host, Bucket: bucket, Prefix: prefix,
		AccessKey: u.User.Username(), SecretKey: secret,
		Region: u.Query().Get("region"), Insecure: u.Query().Get("insecure") == "1",
	}, nil
}

// S3 keeps blobs in a bucket.
type S3 struct {
	client *minio.Client
	o      S3Options
	limit  int64
}

// OpenS3 checks that the bucket is there; making one is the operator's choice.
func OpenS3(ctx context.Context, o S3Options) (*S3, error) {
	client, err := minio.New(o.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""),
		Secure: !o.Insecure,
		Region: o.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: %s: %w", o.Endpoint, err)
	}
	found, err := client.BucketExists(ctx, o.Bucket)
	if err != nil {
		return nil, fmt.Errorf("blob: bucket %s at %s: %w", o.Bucket, o.Endpoint, err)
	}
	if !found {
		return nil, fmt.Errorf("blob: there is no bucket %s at %s; make it first", o.Bucket, o.Endpoint)
	}
	return &S3{client, o, MaxSize}, nil
}

func (s *S3) name(digest string) string { return path.Join(s.o.Prefix, digest[:2], digest) }

// Put implements Store. The name is known only when the last byte is, so the
// bytes wait in a file of this machine.
func (s *S3) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	f, err := os.CreateTemp("", "malmoi-blob-")
	if err != nil {
		return "", 0, fmt.Errorf("blob: put: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	digest, size, err := copyHashed(ctx, f, r, s.limit)
	if err != nil {
		return "", 0, full(fmt.Errorf("blob: put: %w", err))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", 0, fmt.Errorf("blob: put: %w", err)
	}
	_, err = s.client.PutObject(ctx, s.o.Bucket, s.name(digest), f, size, minio.PutObjectOptions{
		ContentType: "application/octet-stream",
		// The client would sign nothing as a stream, which servers refuse for
		// want of a length.
		DisableContentSha256: size == 0,
	})
	if err != nil {
		return "", 0, fmt.Errorf("blob: put into bucket %s: %w", s.o.Bucket, err)
	}
	return digest, size, nil
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, digest string) (io.ReadCloser, error) {
	if err := checkDigest(digest); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.o.Bucket, s.name(digest), minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat() // asks the server
	}
	if err == nil {
		return verify(object, digest), nil
	}
	if object != nil {
		object.Close()
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, fmt.Errorf("blob %s: %w", digest, ErrNotFound)
	}
	return nil, fmt.Errorf("blob: get from bucket %s: %w", s.o.Bucket, err)
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, digest string) error {
	if checkDigest(digest) != nil {
		return nil
	}
	err := s.client.RemoveObject(ctx, s.o.Bucket, s.name(digest), minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return fmt.Errorf("blob: delete from bucket %s: %w", s.o.Bucket, err)
	}
	return nil
}

// List implements Store.
func (s *S3) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		prefix := s.o.Prefix
		if prefix != "" {
			prefix += "/"
		}
		for object := range s.client.ListObjects(ctx, s.o.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if object.Err != nil {
				yield("", fmt.Errorf("blob: list bucket %s: %w", s.o.Bucket, object.Err))
				return
			}
			if name := path.Base(object.Key); digestForm.MatchString(name) && !yield(name, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield("", err)
		}
	}
}
