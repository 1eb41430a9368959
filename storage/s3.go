package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Objects keeps objects in a bucket of an S3 server (对象存储服务), below an optional prefix.
//
// Every put is a single request of known size with If-None-Match: * (the server refuses to replace), and with the SHA-256
// of the body twice in its headers: x-amz-content-sha256, which the signature covers, and x-amz-checksum-sha256, which
// the server verifies, keeps, and tells again on Stat. Checksums in trailers and multipart uploads are never used: not
// every server knows them, and If-None-Match does not hold for parts everywhere.
//
// Rights needed on the bucket: s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket.
type S3Objects struct {
	client    *minio.Core
	transport *http.Transport
	bucket    string
	// prefix goes before every key; empty or ending in a slash.
	prefix string
}

const (
	// s3HeaderTimeout is how long a server may think before the first byte of an answer.
	s3HeaderTimeout = 30 * time.Second
	// s3DialTimeout and s3KeepAlive are how long connecting may take, and how often a silent connection is looked at.
	s3DialTimeout = 5 * time.Second
	s3KeepAlive   = 15 * time.Second
	// s3IdleConns keeps a connection for each of the uploads that arrive at once.
	s3IdleConns = 64
	// checksumHeader is the header checksum of a put.
	checksumHeader = "X-Amz-Checksum-Sha256"
)

func openS3(ctx context.Context, u *url.URL, options ObjectsOptions) (*S3Objects, error) {
	if u.Host == "" || u.User != nil {
		return nil, errors.New("object store: the URL must be s3://BUCKET/PREFIX?endpoint=URL&region=NAME, without credentials")
	}
	query := u.Query()
	for name := range query {
		if name != "endpoint" && name != "region" {
			return nil, fmt.Errorf("object store: unknown parameter %q in the s3 URL; endpoint and region are known", name)
		}
	}
	endpoint, err := url.Parse(query.Get("endpoint"))
	if err != nil || query.Get("endpoint") != "" && (endpoint.Host == "" || endpoint.User != nil ||
		strings.Trim(endpoint.Path, "/") != "" || endpoint.Scheme != "http" && endpoint.Scheme != "https") {
		return nil, errors.New("object store: endpoint must be http://HOST:PORT or https://HOST:PORT")
	}
	if endpoint.Host == "" {
		endpoint = &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	}
	region := query.Get("region")
	if region == "" {
		region = "us-east-1" // the name that servers of one region answer to
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		if err := CheckKey(prefix); err != nil {
			return nil, fmt.Errorf("object store: prefix in the s3 URL: %w", err)
		}
		prefix += "/"
	}
	secure := endpoint.Scheme == "https"
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	transport.ResponseHeaderTimeout = s3HeaderTimeout
	if options.Timeout != 0 {
		transport.ResponseHeaderTimeout = options.Timeout
	}
	dialer := &net.Dialer{Timeout: min(s3DialTimeout, transport.ResponseHeaderTimeout), KeepAlive: s3KeepAlive}
	transport.DialContext = dialer.DialContext
	transport.MaxIdleConnsPerHost = s3IdleConns
	if options.Connections > 0 {
		transport.MaxIdleConnsPerHost = options.Connections
	}
	transport.MaxIdleConns = max(transport.MaxIdleConns, transport.MaxIdleConnsPerHost)
	keys := credentials.NewStaticV4(options.AccessKey, options.SecretKey, options.SessionToken)
	if options.AccessKey == "" {
		keys = credentials.NewEnvAWS()
	}
	client, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds: keys, Secure: secure, Region: region, Transport: transport,
		MaxRetries: 1, // WithRetry decides what is tried again, and sends a fresh body
	})
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	o := &S3Objects{client: client, transport: transport, bucket: u.Host, prefix: prefix}
	retry := retryObjects{policy: options.Retry.withDefaults()}
	if err := retry.do(ctx, func() error { return o.checkBucket(ctx, region, options.CreateBucket) }); err != nil {
		return nil, errors.Join(fmt.Errorf("object store: bucket %s: %w", o.bucket, err), o.Close())
	}
	return o, nil
}

func (o *S3Objects) checkBucket(ctx context.Context, region string, create bool) error {
	exists, err := o.client.BucketExists(ctx, o.bucket)
	if err != nil {
		return classifyS3(err)
	}
	if exists {
		return nil
	}
	if !create {
		return permanentError{errors.New("it does not exist; make it, or ask for it to be made")}
	}
	err = o.client.MakeBucket(ctx, o.bucket, minio.MakeBucketOptions{Region: region})
	switch minio.ToErrorResponse(err).Code {
	case minio.BucketAlreadyOwnedByYou, minio.BucketAlreadyExists:
		return nil // another process was faster
	}
	return classifyS3(err)
}

// Put implements Objects.
func (o *S3Objects) Put(ctx context.Context, key string, content Content) error {
	if err := o.put(ctx, key, content); err != nil {
		return fmt.Errorf("store object %s: %w", key, classifyS3(err))
	}
	return nil
}

func (o *S3Objects) put(ctx context.Context, key string, content Content) error {
	if err := checkPut(key, content); err != nil {
		return err
	}
	size, sum, err := measureContent(ctx, content)
	if err != nil {
		return err
	}
	// Looking first spares sending what is there; and a server that refuses a body half-way may just cut the line.
	switch err := o.confirm(ctx, key, size, sum); {
	case errors.Is(err, ErrNotFound):
	default:
		return err
	}
	options := putOptions(sum)
	options.SetMatchETagExcept("*")
	err = o.send(ctx, key, content, size, sum, options)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// 412 says that somebody else was faster. Servers say it before they have read the body and then often cut the line,
	// so that all one sees is a reset connection; and an answer may be lost after the object was stored. In every case
	// what is there now decides.
	if stored := o.confirm(ctx, key, size, sum); stored == nil || errors.Is(stored, ErrExists) {
		return stored
	}
	return err
}

// measureContent tells size and sum of head and body, which must be known before the first byte leaves; it also proves the body.
func measureContent(ctx context.Context, content Content) (int64, Digest, error) {
	whole := sha256.New()
	whole.Write(content.Head)
	if _, err := io.Copy(whole, contextReader{ctx, newVerifiedBody(content)}); err != nil {
		return 0, Digest{}, err
	}
	return int64(len(content.Head)) + content.Size, Digest(whole.Sum(nil)), nil
}

func putOptions(sum Digest) minio.PutObjectOptions {
	return minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableContentSha256: true,
		UserMetadata: map[string]string{checksumHeader: base64.StdEncoding.EncodeToString(sum[:])},
	}
}

func (o *S3Objects) send(ctx context.Context, key string, content Content, size int64, sum Digest, options minio.PutObjectOptions) error {
	body := &headedReader{head: content.Head, body: content.Body, size: size}
	_, err := o.client.PutObject(ctx, o.bucket, o.prefix+key, body, size, "", sum.String(), options)
	return err
}

// replace implements replacer.
func (o *S3Objects) replace(ctx context.Context, key string, content Content) error {
	err := checkPut(key, content)
	if err == nil {
		var size int64
		var sum Digest
		if size, sum, err = measureContent(ctx, content); err == nil {
			err = o.send(ctx, key, content, size, sum, putOptions(sum))
		}
	}
	if err != nil {
		return fmt.Errorf("replace object %s: %w", key, classifyS3(err))
	}
	return nil
}

// confirm returns nil when the object under key is the one with this size and sum, ErrExists when it is another one.
func (o *S3Objects) confirm(ctx context.Context, key string, size int64, sum Digest) error {
	info, err := o.client.StatObject(ctx, o.bucket, o.prefix+key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return classifyS3(err)
	}
	if info.Size != size {
		return ErrExists
	}
	if info.ChecksumSHA256 != "" {
		if info.ChecksumSHA256 != base64.StdEncoding.EncodeToString(sum[:]) {
			return ErrExists
		}
		return nil
	}
	// A server that keeps no checksums: read what it has.
	r, err := o.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	stored := sha256.New()
	if _, err := io.Copy(stored, r); err != nil {
		return err
	}
	if Digest(stored.Sum(nil)) != sum {
		return ErrExists
	}
	return nil
}

// headedReader reads head and body as one. It seeks, so that a request can be sent again by the transport; it starts
// wherever it is told to and never assumes that a reader below is still fresh.
type headedReader struct {
	head   []byte
	body   io.ReaderAt
	size   int64 // of both
	offset int64
}

// Read implements io.Reader.
func (r *headedReader) Read(p []byte) (int, error) {
	if r.offset >= r.size {
		return 0, io.EOF
	}
	var n int
	var err error
	if head := int64(len(r.head)); r.offset < head {
		n = copy(p, r.head[r.offset:])
	} else {
		n, err = r.body.ReadAt(p[:min(int64(len(p)), r.size-r.offset)], r.offset-head)
	}
	r.offset += int64(n)
	if n > 0 {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		return 0, io.ErrUnexpectedEOF
	}
	return 0, err
}

// Seek implements io.Seeker for what an HTTP client asks: back to the start, or how far it is.
func (r *headedReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 || offset > r.size {
		return 0, ErrRange
	}
	r.offset = offset
	return offset, nil
}

// Get implements Objects.
func (o *S3Objects) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := o.get(ctx, key, offset, length)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, classifyS3(err))
	}
	return r, nil
}

func (o *S3Objects) get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fmt.Errorf("offset %d: %w", offset, ErrRange)
	}
	if length == 0 {
		return o.empty(ctx, key, offset)
	}
	var options minio.GetObjectOptions
	switch {
	case length > 0:
		if err := options.SetRange(offset, offset+length-1); err != nil {
			return nil, permanentError{err}
		}
	case offset > 0:
		if err := options.SetRange(offset, 0); err != nil {
			return nil, permanentError{err}
		}
	}
	r, _, _, err := o.client.GetObject(ctx, o.bucket, o.prefix+key, options)
	if err != nil && offset == 0 && errors.Is(classifyS3(err), ErrRange) {
		return o.empty(ctx, key, offset) // HTTP has no range inside an empty object
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// empty answers a range of no bytes, which HTTP cannot ask for.
func (o *S3Objects) empty(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	info, err := o.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if _, err := clampRange(offset, 0, info.Size); err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(nil)), nil
}

// Stat implements Objects.
func (o *S3Objects) Stat(ctx context.Context, key string) (ObjectInfo, error) {
	err := CheckKey(key)
	var info minio.ObjectInfo
	if err == nil {
		info, err = o.client.StatObject(ctx, o.bucket, o.prefix+key, minio.StatObjectOptions{})
	}
	if err != nil {
		return ObjectInfo{}, fmt.Errorf("look at object %s: %w", key, classifyS3(err))
	}
	return ObjectInfo{Key: key, Size: info.Size, ModTime: info.LastModified.UTC()}, nil
}

// Delete implements Objects.
func (o *S3Objects) Delete(ctx context.Context, key string) error {
	err := CheckKey(key)
	if err == nil {
		err = classifyS3(o.client.RemoveObject(ctx, o.bucket, o.prefix+key, minio.RemoveObjectOptions{}))
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	return nil
}

// List implements Objects.
func (o *S3Objects) List(ctx context.Context, prefix, after string) iter.Seq2[ObjectInfo, error] {
	return func(yield func(ObjectInfo, error) bool) {
		if err := checkKeyBytes(prefix); err != nil {
			yield(ObjectInfo{}, fmt.Errorf("list objects: %w", err))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		noOwner := false
		options := minio.ListObjectsOptions{Prefix: o.prefix + prefix, Recursive: true, FetchOwner: &noOwner}
		if after != "" {
			options.StartAfter = o.prefix + after
		}
		for info := range o.client.ListObjectsIter(ctx, o.bucket, options) {
			if info.Err != nil {
				yield(ObjectInfo{}, fmt.Errorf("list objects: %w", classifyS3(info.Err)))
				return
			}
			key := strings.TrimPrefix(info.Key, o.prefix)
			if key <= after && after != "" || strings.HasSuffix(key, "/") {
				continue // servers that begin with the key itself, or show directories
			}
			if !yield(ObjectInfo{Key: key, Size: info.Size, ModTime: info.LastModified.UTC()}, nil) {
				return
			}
		}
	}
}

// Close implements Objects.
func (o *S3Objects) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}

// classifyS3 gives the errors of an S3 server their place among the errors of a store.
func classifyS3(err error) error {
	var response minio.ErrorResponse
	if err == nil || !errors.As(err, &response) {
		return err
	}
	switch response.Code {
	case minio.NoSuchKey:
		return errors.Join(ErrNotFound, err)
	case minio.InvalidRange:
		return errors.Join(ErrRange, err)
	case minio.BadDigest, minio.XAmzContentSHA256Mismatch, minio.IncompleteBody:
		return err // the body was proven before it left: it was damaged on the way
	case minio.XMinioInvalidObjectName, "ObjectParentIsFile", "ExistingObjectIsDirectory":
		return errors.Join(ErrInvalidKey, err)
	}
	switch status := response.StatusCode; {
	case status == http.StatusRequestedRangeNotSatisfiable:
		return errors.Join(ErrRange, err)
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests, status == 499:
		return err
	case status >= 400 && status < 500:
		return permanentError{err}
	default:
		return err
	}
}
