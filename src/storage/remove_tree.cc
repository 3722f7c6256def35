#include "storage/remove_tree.h"

namespace agena::storage {

Status remove_tree(io::Files& files, const std::string& path) {
  // Our trees are three deep, so depth first may recurse.
  if (files.is_dir(path)) {
    TRY(names, files.list(path));
    for (const std::string& name : names) TRY_OK(remove_tree(files, path + "/" + name));
  }
  return files.remove(path);
}

}  // namespace agena::storage
