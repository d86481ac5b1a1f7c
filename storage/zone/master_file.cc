#include "storage/zone/master_file.h"

#include "storage/zone/master_file_reader.h"
#include "storage/zone/master_file_source.h"

namespace gatepost::storage {

std::string MasterError::text() const {
    return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

Status read_master_file(const std::string& path, const MasterFileOptions& options,
                        const MasterSink& sink) {
    bool from_stdin = path == "-";
    Result<MasterText> loaded =
        from_stdin ? load_master_text_from_stdin() : load_master_text(path, SourceKind::any);
    if (!loaded) return tl::unexpected(loaded.error());
    MasterReader reader(options, sink);
    reader.read(loaded->text, from_stdin ? "stdin" : path, &*loaded);
    return reader.result();
}

Status read_master_text(std::string_view text, const std::string& name,
                        const MasterFileOptions& options, const MasterSink& sink) {
    MasterReader reader(options, sink);
    reader.read(text, name, nullptr);
    return reader.result();
}

}  // namespace gatepost::storage
