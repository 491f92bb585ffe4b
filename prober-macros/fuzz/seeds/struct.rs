
struct Wrong { field: u64 }
