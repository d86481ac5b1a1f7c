// The untagged answers to SEARCH, SORT and THREAD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_search/search.h"
#include "dataplane/imap_syntax/search_key.h"

namespace gatepost::dataplane {

// What was found: numbers or UIDs, in the order of the answer.
struct Found {
    const std::vector<uint32_t>& numbers;
    bool sorted = false;  // by SORT: they need not ascend
    bool by_uid = false;
    uint64_t modseq = 0;  // 0: the answer has none
    // RFC 7377 §2.1, behind the tag: " MAILBOX \"Work\" UIDVALIDITY 7".
    std::string_view correlators = {};
};

// "* SEARCH 2 3 6 (MODSEQ 917162500)\r\n"
void append_search(std::string& out, const Found& found);
// "* ESEARCH (TAG "a") UID COUNT 3 ALL 2:3,6\r\n" (RFC 4731, RFC 9394); nothing, where nothing but
// SAVE was asked for.
void append_esearch(std::string& out, std::string_view tag, const SearchReturn& returned,
                    const Found& found);
// "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n" (RFC 5256 §5); `number` of each node by its index, 0 for
// those that are no message of the mailbox.
void append_thread(std::string& out, const ThreadResult& threads,
                   const std::vector<uint32_t>& numbers);

}  // namespace gatepost::dataplane
