#include "controlplane/control/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatepost::controlplane {

Status drop_privileges(const std::string& user) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (user.empty()) return {};
    errno = 0;
    const passwd* entry = ::getpwnam(user.c_str());
    if (entry == nullptr)
        return fail(ErrorCode::permission, "the user '{}' of --user does not exist on this system",
                    user);
    if (::geteuid() == entry->pw_uid && ::getuid() == entry->pw_uid) return {};
    if (::geteuid() != 0)
        return fail(ErrorCode::permission, "only root can become the user '{}' of --user", user);
    if (::initgroups(user.c_str(), entry->pw_gid) != 0 || ::setgid(entry->pw_gid) != 0 ||
        ::setuid(entry->pw_uid) != 0)
        return fail(ErrorCode::permission, "becoming the user '{}': {}", user,
                    std::strerror(errno));
    if (entry->pw_uid != 0 && ::setuid(0) == 0)
        return fail(ErrorCode::permission, "root could not be left behind for the user '{}'", user);
    return {};
}

}  // namespace gatepost::controlplane
