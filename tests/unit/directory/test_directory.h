// A directory arena of a test: its writer, the QSBR page, and a reader's mapping of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/directory/directory_image.h"
#include "storage/directory/directory_writer.h"

namespace gatepost::tests {

using storage::EntryKind;

inline Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string text_of(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

class TestDirectory {
  public:
    explicit TestDirectory(size_t size = size_t{64} << 20, uint64_t generation = 7) {
        page_ = storage::RuntimeMapping::create().value();
        auto segment = storage::Segment::create("directory-test", size);
        GATEPOST_CHECK(segment.has_value());
        auto writer = storage::DirectoryWriter::create(std::move(*segment), qsbr(), generation);
        GATEPOST_CHECK(writer.has_value());
        writer_ = std::move(*writer);
    }

    storage::Qsbr& qsbr() { return page_->qsbr; }
    storage::DirectoryWriter& writer() { return *writer_; }
    Status put(std::string_view key, std::string_view value,
               EntryKind kind = EntryKind::tls_identity) {
        return writer_->put(kind, key, octets_of(value));
    }
    std::optional<std::string> value(std::string_view key,
                                     EntryKind kind = EntryKind::tls_identity) const {
        const auto entry = writer_->view().find(kind, key);
        return entry ? std::optional(text_of(entry->value)) : std::nullopt;
    }
    uint64_t serial(std::string_view key) const {
        const auto entry = writer_->view().find(EntryKind::tls_identity, key);
        return entry ? entry->serial : 0;
    }

  private:
    storage::RuntimeMapping page_;
    std::unique_ptr<storage::DirectoryWriter> writer_;
};

}  // namespace gatepost::tests
