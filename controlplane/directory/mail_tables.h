// The tables of mail on their way into the directory: domains, accounts with their credentials,
// aliases.
#pragma once

#include "controlplane/directory/mail_accounts.h"
#include "controlplane/directory/mail_aliases.h"
#include "controlplane/directory/mail_domains.h"

namespace gatepost::controlplane {

class MailTables {
  public:
    // `entries` outlives this.
    explicit MailTables(DirectoryEntries& entries)
        : domains_(entries), accounts_(entries), aliases_(entries) {}

    // Note a row; entries are made by the next finish().
    void put(const MailDomainRow& row) { domains_.put(row); }
    void put(const MailAccountRow& row) { accounts_.put(row); }
    void put(const MailCredentialRow& row) { accounts_.put(row); }
    void put(const MailAliasRow& row) { aliases_.put(row); }
    void remove(const MailDomainKey& key) { domains_.remove(key); }
    void remove(const MailAccountKey& key) { accounts_.remove(key); }
    void remove(const MailCredentialKey& key) { accounts_.remove(key); }
    void remove(const MailAliasKey& key) { aliases_.remove(key); }
    // An error of code refused: the arena is full.
    Status finish();

    // Entries that the next finish() makes.
    size_t pending() const { return domains_.pending() + accounts_.pending() + aliases_.pending(); }
    // Of the heap, for what is not in the arena.
    size_t size_bytes() const { return accounts_.size_bytes() + aliases_.size_bytes(); }

  private:
    MailDomains domains_;
    MailAccounts accounts_;
    MailAliases aliases_;
};

}  // namespace gatepost::controlplane
