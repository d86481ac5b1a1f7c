// Rows of gatepost.mail_domains, and the entries of kind mail_domain that they make.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "controlplane/directory/directory_entries.h"
#include "controlplane/directory/mail_rows.h"

namespace gatepost::controlplane {

class MailDomains {
  public:
    // `entries` outlives this.
    explicit MailDomains(DirectoryEntries& entries) : entries_(entries) {}

    // Note a row; entries are made by the next finish().
    void put(const MailDomainRow& row);
    void remove(const MailDomainKey& key);
    // An error of code refused: the arena is full. What did not fit is held, and tried again by
    // each later finish().
    Status finish();

    size_t pending() const { return touched_.size(); }

  private:
    Status make_entry(const MailDomainRow& row);

    DirectoryEntries& entries_;
    std::unordered_map<int64_t, MailDomainRow> rows_;
    // To be made by the next finish().
    std::unordered_set<int64_t> touched_;
    std::unordered_set<int64_t> waiting_;   // aliases of a domain that has not come yet
    std::unordered_set<std::string> gone_;  // names that rows had
    bool renamed_ = false;                  // of aliases of a touched domain, each is touched
};

}  // namespace gatepost::controlplane
