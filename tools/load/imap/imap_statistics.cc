#include "tools/load/imap/imap_statistics.h"

#include <numeric>

namespace gatepost::tools {

uint64_t ImapStatistics::answered() const {
    uint64_t sum = 0;
    for (const ImapOperationFigures& one : operations) sum += one.latency.count();
    return sum;
}

uint64_t ImapStatistics::refused() const {
    uint64_t sum = 0;
    for (const ImapOperationFigures& one : operations) sum += one.refused;
    return sum;
}

uint64_t ImapStatistics::unknown() const {
    uint64_t sum = 0;
    for (const ImapOperationFigures& one : operations) sum += one.unknown;
    return sum;
}

uint64_t ImapStatistics::failed_connections() const {
    return std::accumulate(failures.begin() + 1, failures.end(), uint64_t{0});
}

bool ImapStatistics::failed() const {
    return refused() > 0 || unknown() > 0 || failed_connections() > 0 || unseen > 0 || given_up ||
           differences.any() || (answered() == 0 && idle == 0);
}

}  // namespace gatepost::tools
