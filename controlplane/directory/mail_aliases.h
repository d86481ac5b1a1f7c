// Rows of gatepost.aliases, and the entries of kind mail_alias that they make: one for each source,
// with its targets in order.
//
// What is known of a source is its entry in the arena: a change reads it, and writes it again. Kept
// beside it are source and target of each row by its id, and the targets of those sources whose
// entry could not be made.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "controlplane/directory/directory_entries.h"
#include "controlplane/directory/id_texts.h"
#include "controlplane/directory/mail_rows.h"

namespace gatepost::controlplane {

class MailAliases {
  public:
    // `entries` outlives this.
    explicit MailAliases(DirectoryEntries& entries) : entries_(entries) {}

    // Note a row; entries are made by the next finish(), so that a transaction counts as a whole.
    void put(const MailAliasRow& row);
    void remove(const MailAliasKey& key);
    // An error of code refused: the arena is full. What did not fit is held, and tried again by
    // later calls.
    Status finish();

    size_t pending() const { return drafts_.size(); }  // sources
    // Of the heap, for what is not in the arena; without pending ones.
    size_t size_bytes() const { return rows_.size_bytes(); }

  private:
    using Targets = std::set<std::string, std::less<>>;

    Targets& draft(const std::string& source);
    Status make_entry(const std::string& source, Targets& targets);

    DirectoryEntries& entries_;
    IdTexts rows_;  // active ones: source, NUL, target
    std::unordered_map<std::string, Targets> kept_;
    std::unordered_set<std::string> refused_;          // of kept_
    std::unordered_map<std::string, Targets> drafts_;  // since the last finish()
};

}  // namespace gatepost::controlplane
