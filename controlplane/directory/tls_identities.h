// The certificates and pins of the database, and the TLS identity that they make of each name.
//
// A row that cannot be served (its chain does not parse, its key does not open, the two do not
// belong together) is held: what that row had before stays in force, and the reason is told. Each
// later change of the row is an attempt, and so is a new key file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/certificate/chain.h"
#include "controlplane/directory/directory_change.h"
#include "controlplane/directory/held_entries.h"
#include "controlplane/directory/watched_key_file.h"
#include "storage/directory/tls_identity.h"

namespace gatepost::controlplane {

class TlsIdentities {
  public:
    // Both outlive this.
    TlsIdentities(WatchedKeyFile& keys, HeldEntries& held) : keys_(keys), held_(held) {}

    // Notes a row; nothing is looked into before finish(), so that a transaction counts as a whole.
    // An error of code conflict: columns were not sent that this program has never had.
    Status put(CertificateRow row);
    void remove(const CertificateKey& key);
    void put(const PinRow& row);
    void remove(const PinKey& key);
    // Has every held row tried again by the next finish().
    void retry_held();

    // Takes the rows over, with the key file as it is now; gives the names whose identity may be
    // another one now.
    std::set<std::string> finish();

    // The value of a name's entry; nullopt: no certificate is about it.
    std::optional<std::vector<uint8_t>> compile(const std::string& name) const;
    // The name whose identity is that of whoever names none that is known: `server_name`, else the
    // wildcard above it, else the domain of the oldest certificate; nullopt: there is none at all.
    std::optional<std::string> default_name(const std::string& server_name) const;

  private:
    // A row that can be served.
    struct Served {
        std::string domain;
        storage::CertificateType type{};
        CertificateChain chain;
        std::vector<uint8_t> sealed_key;
        std::vector<uint8_t> ocsp_response;
        std::set<std::string> names;  // the domain among them
    };
    struct Row {
        std::optional<Served> served;
        // What the database has, where that cannot be served. A column that is missing in it is
        // that of `served`.
        std::unique_ptr<CertificateRow> held;
        std::string held_as;  // in HeldEntries
    };

    bool is_complete(const CertificateRow& row, int64_t id) const;
    Result<Served> make(const CertificateRow& row, const std::optional<Served>& before) const;
    Status check_key(const CertificateChain& chain, Bytes sealed_key) const;
    void attempt(int64_t id, CertificateRow row);
    void hold(Row& state, CertificateRow row, const Error& error);
    void drop(int64_t id);
    void unlink(int64_t id, const Served& served);
    void link(int64_t id, const Served& served);
    std::vector<const Served*> candidates_of(const std::string& name) const;
    std::optional<storage::CertificateType> pin_of(storage::Service service,
                                                   const std::string& name) const;
    void touch_domain(const std::string& domain);

    WatchedKeyFile& keys_;
    HeldEntries& held_;
    std::map<int64_t, Row> rows_;
    std::unordered_map<std::string, std::set<int64_t>> by_name_;  // of served rows
    std::map<PinKey, storage::CertificateType> pins_;
    // Since the last finish(). Of the changes of a row, the last one counts; nullopt: removed.
    std::map<int64_t, std::optional<CertificateRow>> pending_;
    std::set<std::string> affected_;
};

}  // namespace gatepost::controlplane
