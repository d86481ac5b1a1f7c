// One walk through aliases, from an address to all that it means. For the sources of this folder.
#pragma once

#include <array>
#include <string_view>

#include "dataplane/mail_directory/local_domain.h"
#include "dataplane/mail_directory/resolution.h"
#include "storage/directory/directory_view.h"
#include "storage/mail_address/mail_address.h"

namespace gatepost::dataplane {

inline constexpr int kAliasDepthMax = 10;       // aliases one behind the other
inline constexpr size_t kTargetsMax = 100;      // of an address: RFC 5321 §4.5.3.1.8's recipients
inline constexpr size_t kAliasesMax = 256;      // followed for an address
inline constexpr size_t kAddressesMax = 1'000;  // looked up for an address: a bound of the time

class AliasWalk {
  public:
    enum class Purpose : uint8_t {
        delivery,
        ownership,  // an account counts though an alias of its address leads its mail elsewhere
    };

    // All outlive this.
    AliasWalk(const storage::DirectoryView& directory, std::string_view postmaster, Purpose purpose,
              AddressResolution& out)
        : directory_(directory), postmaster_(postmaster), purpose_(purpose), out_(out) {}

    void run(const storage::MailAddress& address);

  private:
    enum class AliasFate : uint8_t {
        none,      // there is no such alias
        followed,  // now, or before
        circle,    // it is being followed: this is where it leads back to itself
    };
    struct Visit {
        uint64_t serial = 0;  // of the alias's entry
        bool done = false;
    };

    // `text`: as an alias has it.
    void follow_text(std::string_view text, int depth);
    void follow(std::string_view local_part, std::string_view domain, std::string_view text,
                int depth);
    void follow_local(std::string_view local_part, const LocalDomain& domain, int depth);
    // An alias or account of that very key; false: there is none.
    bool follow_key(std::string_view key, int depth);
    AliasFate follow_alias(std::string_view key, int depth);
    void follow_postmaster(int depth);
    void add_account(std::string_view address, Bytes value);
    void add_external(std::string_view address);
    bool has_room();
    ResolutionStatus status() const;

    const storage::DirectoryView& directory_;
    std::string_view postmaster_;
    Purpose purpose_;
    AddressResolution& out_;
    std::array<Visit, kAliasesMax> visits_;
    size_t visit_count_ = 0;
    size_t addresses_ = 0;
    bool asked_postmaster_ = false;
    bool was_external_ = false;  // the address itself
    bool saw_inactive_ = false;
    bool saw_no_email_ = false;
    bool saw_loop_ = false;
    bool too_many_ = false;
    bool damaged_ = false;
};

}  // namespace gatepost::dataplane
