// What the directory says of a mail domain, with the domain that it is an alias of.
#pragma once

#include <string_view>

#include "storage/directory/directory_view.h"

namespace gatepost::dataplane {

enum class DomainStatus : uint8_t {
    unknown,  // none of this system's: mail for it is for another server
    active,
    inactive,  // this system's, but no mail is taken for it and nobody logs in
};

// Views into the directory: valid while the reader is online.
struct LocalDomain {
    DomainStatus status = DomainStatus::unknown;
    std::string_view name;                   // which has the addresses
    std::string_view subaddress_delimiters;  // each octet is one
};

// `domain`: normalized.
LocalDomain find_local_domain(const storage::DirectoryView& directory, std::string_view domain);

}  // namespace gatepost::dataplane
