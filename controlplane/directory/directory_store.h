// A directory arena in the making or in service: its writer, and what the sync path keeps of the
// tables that it is made of. Rows go in by apply(); publish() makes entries of what they changed.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "controlplane/directory/directory_change.h"
#include "controlplane/directory/directory_entries.h"
#include "controlplane/directory/filter_tables.h"
#include "controlplane/directory/mail_tables.h"
#include "controlplane/directory/policy_tables.h"
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
    // Before the first publish(): makes entries of all that came. An error of code refused, from
    // apply() as well: the arena is too small for what is to be loaded.
    Status finish_load();
    // Makes entries of what changed, and publishes them. What does not fit is held.
    void publish(storage::ArenaOrigin origin);
    // Once a second at most: has held certificates tried again where the key file is another one.
    // True: something was published.
    bool look_after_keys();
    // Puts filter rules into service that took longer to compile. True: something was published.
    bool look_after_filter();
    // Readable where look_after_filter() may have something to do; -1: it never has.
    int filter_fd() const { return filter_.ready_fd(); }

    const storage::DirectoryWriter& writer() const { return entries_.writer(); }
    std::shared_ptr<const HeldEntries> held() const { return entries_.held(); }
    const MailTables& mail() const { return mail_; }

  private:
    Status take(const CertificateRow& row) { return identities_.put(row); }
    Status take(const RedirectRow& row);
    Status take(const ChallengeRow& row);
    Status take(const RedirectKey& key);
    Status take(const ChallengeKey& key);
    template <typename Change>  // of certificates, pins, mail, the filter and the policy
    Status take(const Change& change);

    void compile(const std::string& name, const std::string& of);

    DirectoryEntries entries_;
    std::shared_ptr<WatchedKeyFile> keys_;
    TlsIdentities identities_;
    MailTables mail_;
    FilterTables filter_;
    PolicyTables policy_;
    bool loading_ = true;  // nothing has been published yet
    const std::string server_name_;
    std::string default_name_;      // whose identity the entry "" has; "": there is none
    std::set<std::string> failed_;  // identities that did not fit; tried again each time
    storage::ArenaOrigin origin_;
    std::chrono::steady_clock::time_point keys_seen_at_;
};

}  // namespace gatepost::controlplane
