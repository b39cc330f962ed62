#include "internal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

static void to_hex(const unsigned char *digest, unsigned n, char hex[65]) {
  for (unsigned i = 0; i < n && i < 32; i++) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  hex[64] = '\0';
}

void weyl_sha256(const void *bytes, size_t n, char hex[65]) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  hex[0] = '\0'; /* what is left when OpenSSL has no memory: equal to no checksum */
  if (EVP_Digest(bytes, n, digest, &length, EVP_sha256(), NULL) == 1) to_hex(digest, length, hex);
}

weyl_status weyl_file_sha256(weyl_context *ctx, const char *path, char hex[65]) {
  weyl_status status = WEYL_OK;
  unsigned char buffer[1 << 14], digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  FILE *file = fopen(path, "rbe");
  if (!file) return core_fail_errno(ctx, errno, "read", path);
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  bool good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
  size_t n;
  while (good && (n = fread(buffer, 1, sizeof buffer, file)) > 0) good = EVP_DigestUpdate(md, buffer, n) == 1;
  if (ferror(file)) {
    status = core_fail_errno(ctx, errno ? errno : EIO, "read", path);
  } else if (!good || EVP_DigestFinal_ex(md, digest, &length) != 1) {
    status = weyl_fail(ctx, WEYL_MEMORY, "no checksum of %s: openssl failed", path);
  } else {
    to_hex(digest, length, hex);
  }
  EVP_MD_CTX_free(md);
  fclose(file);
  return status;
}
