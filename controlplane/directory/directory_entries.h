// Entries of a directory arena as the sync path writes them: what cannot be put is held, which
// people are told of, and what was there before stays.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/directory/held_entries.h"
#include "storage/directory/directory_writer.h"

namespace gatepost::controlplane {

class DirectoryEntries {
  public:
    explicit DirectoryEntries(std::unique_ptr<storage::DirectoryWriter> writer)
        : writer_(std::move(writer)) {}

    // Holds the entry where it cannot be put, and gives why (DirectoryWriter::put).
    Status put(storage::EntryKind kind, const std::string& key, Bytes value);
    void remove(storage::EntryKind kind, const std::string& key);
    // The entry stays as it was, for that reason.
    void hold(storage::EntryKind kind, const std::string& key, const std::string& reason);
    // It is held no longer.
    void release(storage::EntryKind kind, const std::string& key);
    std::optional<Bytes> find(storage::EntryKind kind, std::string_view key) const;

    storage::DirectoryWriter& writer() { return *writer_; }
    const storage::DirectoryWriter& writer() const { return *writer_; }
    const std::shared_ptr<HeldEntries>& held() const { return held_; }

  private:
    std::unique_ptr<storage::DirectoryWriter> writer_;
    std::shared_ptr<HeldEntries> held_ = std::make_shared<HeldEntries>();
};

}  // namespace gatepost::controlplane
