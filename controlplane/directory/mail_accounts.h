// Rows of gatepost.accounts and gatepost.credentials, and the entries of kind mail_account that
// they make together.
//
// What is known of an account is its entry in the arena: a change reads it, and writes it again.
// Kept beside it are the address of each account and the account of each credential by their ids,
// and the content of those accounts that are not, or not wholly, in the arena.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/directory/directory_entries.h"
#include "controlplane/directory/id_texts.h"
#include "controlplane/directory/mail_rows.h"

namespace gatepost::controlplane {

class MailAccounts {
  public:
    // `entries` outlives this.
    explicit MailAccounts(DirectoryEntries& entries) : entries_(entries) {}

    // Note a row; entries are made by the next finish(), so that a transaction counts as a whole.
    void put(const MailAccountRow& row);
    void remove(const MailAccountKey& key);
    void put(const MailCredentialRow& row);
    void remove(const MailCredentialKey& key);
    // An error of code refused: the arena is full. What did not fit is held, and tried again by
    // later calls.
    Status finish();

    size_t pending() const { return drafts_.size(); }  // accounts
    // Of the heap, for what is not in the arena; without pending ones.
    size_t size_bytes() const;

  private:
    struct OwnedCredential {
        storage::Credential about;  // `hash` is empty
        std::string hash;
    };
    struct Draft {
        std::string address;  // "": it has none
        std::string entry;    // where its entry is in the arena; "": nowhere
        std::string held_as;  // in HeldEntries; "": it is not held
        uint16_t flags = 0;
        uint64_t quota_bytes = 0;
        uint64_t quota_messages = 0;
        std::map<int64_t, OwnedCredential> credentials;  // by id
        bool refused = false;                            // its entry was not taken
    };

    Draft& draft(int64_t id);
    void read(int64_t id, Draft& draft) const;
    Status make_entry(int64_t id, Draft& draft);
    void settle(int64_t id, Draft& draft);
    // Whose entry it is that has this address.
    std::optional<int64_t> owner(const std::string& address) const;

    DirectoryEntries& entries_;
    IdTexts addresses_;    // of accounts with an entry
    IdTable account_ids_;  // of credentials
    // In the bin, or of more credentials than fit, or refused.
    std::unordered_map<int64_t, Draft> kept_;
    std::unordered_set<int64_t> refused_;        // of kept_
    std::unordered_map<int64_t, Draft> drafts_;  // since the last finish()
};

}  // namespace gatepost::controlplane
