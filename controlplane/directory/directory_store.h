// A directory arena in the making or in service: its writer, and what the sync path keeps of the
// tables that it is made of. Rows go in by apply(); publish() makes entries of what they changed.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "controlplane/directory/directory_change.h"
#include "controlplane/directory/held_entries.h"
#include "controlplane/directory/tls_identities.h"
#include "controlplane/directory/watched_key_file.h"
#include "storage/directory/directory_writer.h"

namespace gatepost::controlplane {

class DirectoryStore {
  public:
    // `server_name`: whose identity is shown to clients that name none that is known.
    DirectoryStore(std::unique_ptr<storage::DirectoryWriter> writer,
                   std::shared_ptr<WatchedKeyFile> keys, std::string server_name);

    // An error of code conflict: the change cannot be followed, and the data have to be loaded
    // anew.
    Status apply(const DirectoryChange& change);
    // Makes entries of what changed, and publishes them.
    void publish(storage::ArenaOrigin origin);
    // Once a second at most: has held certificates tried again where the key file is another one.
    // True: something was published.
    bool look_after_keys();

    const storage::DirectoryWriter& writer() const { return *writer_; }
    std::shared_ptr<const HeldEntries> held() const { return held_; }

  private:
    Status take(const CertificateRow& row) { return identities_.put(row); }
    Status take(const RedirectRow& row);
    Status take(const ChallengeRow& row);
    Status take(const RedirectKey& key);
    Status take(const ChallengeKey& key);
    template <typename Change>  // of certificates and pins
    Status take(const Change& change);

    void compile(const std::string& name);
    void put(storage::EntryKind kind, const std::string& key, Bytes value);
    void remove(storage::EntryKind kind, const std::string& key);
    // The entry stays as it was, for that reason.
    void hold(storage::EntryKind kind, const std::string& key, const std::string& reason);

    std::unique_ptr<storage::DirectoryWriter> writer_;
    std::shared_ptr<WatchedKeyFile> keys_;
    std::shared_ptr<HeldEntries> held_ = std::make_shared<HeldEntries>();
    TlsIdentities identities_;
    const std::string server_name_;
    std::string default_name_;      // whose identity the entry "" has; "": there is none
    std::set<std::string> failed_;  // identities that did not fit; tried again each time
    storage::ArenaOrigin origin_;
    std::chrono::steady_clock::time_point keys_seen_at_;
};

}  // namespace gatepost::controlplane
