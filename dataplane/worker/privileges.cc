#include "dataplane/worker/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace gatepost::dataplane {

namespace {

struct Identity {
    uid_t uid;
    gid_t gid;
};

Result<Identity> find_user(const std::string& user) {
    std::vector<char> strings(16 << 10);
    passwd entry{};
    passwd* found = nullptr;
    int error = ::getpwnam_r(user.c_str(), &entry, strings.data(), strings.size(), &found);
    if (error != 0)
        return fail(ErrorCode::refused, "looking up user '{}': {}", user, std::strerror(error));
    if (found == nullptr)
        return fail(
            ErrorCode::usage,
            "there is no user '{}' on this system; create it ('useradd --system {}') or name "
            "another with --user",
            user, user);
    if (found->pw_uid == 0)
        return fail(ErrorCode::usage, "--user '{}' is root; name an ordinary user", user);
    return Identity{found->pw_uid, found->pw_gid};
}

Status become(const std::string& user) {
    auto identity = find_user(user);
    if (!identity) return tl::unexpected(identity.error());
    if (::setgroups(1, &identity->gid) != 0 ||
        ::setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
        ::setresuid(identity->uid, identity->uid, identity->uid) != 0)
        return fail(ErrorCode::permission, "becoming user '{}': {}", user, std::strerror(errno));
    if (::setresuid(0, 0, 0) == 0)
        return fail(ErrorCode::permission, "became user '{}', but could become root again", user);
    return {};
}

Status clear_capabilities() {
    ::cap_reset_ambient();  // not an error where there are none
    std::unique_ptr<_cap_struct, int (*)(void*)> none(::cap_init(), ::cap_free);
    if (none == nullptr || ::cap_set_proc(none.get()) != 0)
        return fail(ErrorCode::permission, "giving up capabilities: {}", std::strerror(errno));
    return {};
}

}  // namespace

Status drop_privileges(const std::string& user) {
    if (::geteuid() == 0 && !user.empty()) {
        if (Status became = become(user); !became) return became;
    }
    if (Status cleared = clear_capabilities(); !cleared) return cleared;
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail(ErrorCode::permission, "giving up privileges: {}", std::strerror(errno));
    return {};
}

}  // namespace gatepost::dataplane
