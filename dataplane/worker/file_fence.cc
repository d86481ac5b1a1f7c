#include "dataplane/worker/file_fence.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dataplane/log/log.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

namespace {

// Everything that version 1 of the interface knows (Linux 5.13), so that one list serves all.
constexpr uint64_t kEverything = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr uint64_t kWithin = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE;

Status allow(int rules, int directory_fd) {
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = kWithin;
    beneath.parent_fd = directory_fd;
    if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        return fail(ErrorCode::refused, "allowing the folder of messages by Landlock: {}",
                    std::strerror(errno));
    return {};
}

}  // namespace

Status fence_files(int directory_fd) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = kEverything;
    UniqueFd rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes,
                                              sizeof attributes.handled_access_fs, 0)));
    if (!rules) {
        log(LogLevel::info, "dataplane.no_landlock", {{"reason", std::strerror(errno)}});
        return {};
    }
    if (directory_fd >= 0) {
        if (Status allowed = allow(rules.get(), directory_fd); !allowed) return allowed;
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0)
        return fail(ErrorCode::refused, "restricting files by Landlock: {}", std::strerror(errno));
    return {};
}

}  // namespace gatepost::dataplane
