// How fast this machine's libraries compress and decompress standard input, one processor each.
//
// Prints a line for each: name, MB of the input a second of processor time (10^6 bytes), and the output's part of the
// input in percent, parted by tabs. Each measurement is repeated for half a second at least. Input is taken in blocks of
// 1 MiB, as layers are.
#include <isa-l.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

enum { BLOCK = 1 << 20, ROOM = BLOCK + (BLOCK >> 2) + 4096 };

static unsigned char *input, *packed;
static size_t size, *lengths, blocks;

static size_t length_of(size_t block) {
  size_t start = block * BLOCK;
  return size - start < BLOCK ? size - start : BLOCK;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
  fprintf(stderr, "compressors: %s failed\n", what);
  exit(1);
}

// Works on one block, and answers how many bytes it wrote: 0 for a failure.
typedef size_t work(const unsigned char *in, size_t length, unsigned char *out, int level, void *state);

static void measure(const char *name, int level, work *body, void *state) {
  size_t written = 0, passes = 0;
  double start = now(), seconds;
  do {
    written = 0;
    for (size_t block = 0; block < blocks; block++) {
      lengths[block] = body(input + block * BLOCK, length_of(block), packed + block * ROOM, level, state);
      if (lengths[block] == 0) fail(name);
      written += lengths[block];
    }
    passes++;
    seconds = now() - start;
  } while (seconds < 0.5);
  printf("%s\t%.0f\t%.1f\n", name, (double)(size * passes) / seconds / 1e6, 100.0 * (double)written / (double)size);
}

// Decompresses what the last measurement left.
static void measure_back(const char *name, work *body, void *state) {
  unsigned char *out = malloc(ROOM);
  size_t passes = 0;
  double start = now(), seconds;
  do {
    for (size_t block = 0; block < blocks; block++)
      if (body(packed + block * ROOM, lengths[block], out, 0, state) != length_of(block)) fail(name);
    passes++;
    seconds = now() - start;
  } while (seconds < 0.5);
  printf("%s\t%.0f\t\n", name, (double)(size * passes) / seconds / 1e6);
  free(out);
}

static size_t zlib_pack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  (void)state;
  z_stream stream = {0};
  if (deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
  stream.next_in = (unsigned char *)in;
  stream.avail_in = (unsigned)length;
  stream.next_out = out;
  stream.avail_out = ROOM;
  int status = deflate(&stream, Z_FINISH);
  deflateEnd(&stream);
  return status == Z_STREAM_END ? stream.total_out : 0;
}

static size_t zlib_unpack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  (void)level, (void)state;
  z_stream stream = {0};
  if (inflateInit2(&stream, -15) != Z_OK) return 0;
  stream.next_in = (unsigned char *)in;
  stream.avail_in = (unsigned)length;
  stream.next_out = out;
  stream.avail_out = ROOM;
  int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return status == Z_STREAM_END ? stream.total_out : 0;
}

static size_t libdeflate_pack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  (void)level;
  return libdeflate_deflate_compress(state, in, length, out, ROOM);
}

static size_t isal_pack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  struct isal_zstream stream;
  isal_deflate_init(&stream);
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.level = (unsigned)level;
  stream.level_buf = state;
  stream.level_buf_size = ISAL_DEF_LVL3_DEFAULT;
  stream.next_in = (unsigned char *)in;
  stream.avail_in = (unsigned)length;
  stream.next_out = out;
  stream.avail_out = ROOM;
  return isal_deflate(&stream) == COMP_OK ? stream.total_out : 0;
}

static size_t isal_unpack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  (void)level, (void)state;
  static struct inflate_state stream;
  isal_inflate_init(&stream);
  stream.next_in = (unsigned char *)in;
  stream.avail_in = (unsigned)length;
  stream.next_out = out;
  stream.avail_out = ROOM;
  return isal_inflate(&stream) == ISAL_DECOMP_OK ? stream.total_out : 0;
}

static size_t zstd_pack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  size_t written = ZSTD_compressCCtx(state, out, ROOM, in, length, level);
  return ZSTD_isError(written) ? 0 : written;
}

static size_t zstd_unpack(const unsigned char *in, size_t length, unsigned char *out, int level, void *state) {
  (void)level;
  size_t written = ZSTD_decompressDCtx(state, out, ROOM, in, length);
  return ZSTD_isError(written) ? 0 : written;
}

int main(void) {
  size_t room = (size_t)256 << 20;
  input = malloc(room);
  size = fread(input, 1, room, stdin);
  blocks = (size + BLOCK - 1) / BLOCK;
  packed = malloc(blocks * ROOM);
  lengths = calloc(blocks, sizeof *lengths);
  if (size == 0 || packed == NULL || lengths == NULL) fail("reading standard input");

  measure("zlib, level 1", 1, zlib_pack, NULL);
  measure("zlib, level 6", 6, zlib_pack, NULL);
  measure_back("zlib, decompression", zlib_unpack, NULL);
  static const int levels[] = {1, 2, 3, 4, 6};
  for (size_t index = 0; index < sizeof levels / sizeof *levels; index++) {
    char name[32];
    snprintf(name, sizeof name, "libdeflate, level %d", levels[index]);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(levels[index]);
    measure(name, levels[index], libdeflate_pack, compressor);
    libdeflate_free_compressor(compressor);
  }
  void *buffer = malloc(ISAL_DEF_LVL3_DEFAULT);
  measure("ISA-L, level 1", 1, isal_pack, buffer);
  measure("ISA-L, level 3", 3, isal_pack, buffer);
  measure_back("ISA-L, decompression", isal_unpack, NULL);
  ZSTD_CCtx *compressor = ZSTD_createCCtx();
  measure("zstd, level 3", 3, zstd_pack, compressor);
  measure_back("zstd, decompression", zstd_unpack, ZSTD_createDCtx());
  return 0;
}
