#include "storage/password/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

namespace gatepost::storage {

Result<std::string> random_octets(size_t count) {
    std::string octets(count, '\0');
    for (size_t done = 0; done < count;) {
        const ssize_t got = ::getrandom(octets.data() + done, count - done, 0);
        if (got > 0) done += static_cast<size_t>(got);
        if (got < 0 && errno != EINTR)
            return fail(ErrorCode::refused, "getting {} random octets from the kernel: {}", count,
                        std::strerror(errno));
    }
    return octets;
}

}  // namespace gatepost::storage
