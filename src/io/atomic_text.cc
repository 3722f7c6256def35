#include "io/files.h"

namespace agena::io {
namespace {

std::string dir_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_durably(Files& files, const std::string& path, std::string_view text) {
  TRY(file, files.open(path, Open::create));
  TRY_OK(file->resize(0));
  TRY_OK(file->write_at(as_bytes(text), 0));
  return file->sync();
}

}  // namespace

Result<std::string> read_text(Files& files, const std::string& path) {
  TRY(file, files.open(path, Open::read));
  TRY(size, file->size());
  std::string text(size, '\0');
  MutableBytes into(reinterpret_cast<std::byte*>(text.data()), text.size());
  TRY(read, file->read_at(into, 0));
  text.resize(read);
  return text;
}

Status replace_text(Files& files, const std::string& path, std::string_view text, bool keep_old) {
  if (keep_old && files.exists(path)) {
    TRY(old, read_text(files, path));
    if (!old.empty()) {  // Nothing is no reason to lose a good copy.
      TRY_OK(write_durably(files, path + ".bak.tmp", old));
      TRY_OK(files.rename(path + ".bak.tmp", path + ".bak"));
    }
  }
  TRY_OK(write_durably(files, path + ".tmp", text));
  TRY_OK(files.rename(path + ".tmp", path));
  return files.sync_dir(dir_of(path));
}

}  // namespace agena::io
