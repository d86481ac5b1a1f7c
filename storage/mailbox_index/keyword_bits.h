// The keywords of a mailbox while a step is put together: names to bits, and new names to new bits.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "storage/mailbox_index/block_step.h"
#include "storage/mailbox_index/mailbox_index_header.h"

namespace gatepost::storage {

class KeywordBits {
  public:
    // Begins with those of `record` (nullptr: none), whose names are looked at, not copied. Names
    // that are passed to bits_of() stay where they are as well, or until keep_names().
    KeywordBits(const uint8_t* base, const MailboxRecord* record);

    // Case does not matter; a keyword is as it was first written (RFC 9051 §2.3.2). Names beyond
    // kKeywordsMax are left out and counted.
    uint64_t bits_of(const std::vector<std::string_view>& names);
    uint64_t left_out() const { return left_out_; }
    // Copies the new ones.
    void keep_names();

    // Puts them into `record`: the block that is there already, unless there are new ones. False:
    // the arena is full.
    bool write(uint8_t* base, BlockStep& step, MailboxRecord& record) const;

  private:
    std::vector<std::string_view> names_;
    size_t known_ = 0;              // of names_: in the record's block
    std::deque<std::string> kept_;  // of names_: those behind `known_` that are copies
    uint64_t left_out_ = 0;
};

}  // namespace gatepost::storage
