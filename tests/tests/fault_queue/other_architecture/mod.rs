//! A veto for the registers of an architecture that is not the guest's.

mod architecture;

use prober::{FaultQueue, MayInject, Step};
use vmi_arch_amd64::Registers;
use vmi_core::VmiError;

use self::architecture::Other;
use super::{A, B, event, guest, injected, values};

fn queue() -> FaultQueue {
    FaultQueue::new().may_inject(|_: &Other, _| MayInject::Now)
}

#[test]
fn each_run_fails_at_once() {
    let (_, vm) = guest(&[A]);
    let faults = queue();
    let job = faults.job();

    for _ in 0..3 {
        vm.with(|vmi| {
            let read = |suppressed: &_| values(vmi, &[A], suppressed);
            for step in [faults.step(vmi, read), job.step(vmi, read)] {
                let Step::Failed(error) = step else {
                    panic!("expected an error, found {step:?}")
                };
                assert!(error.to_string().contains("another architecture"));
            }
            assert!(matches!(faults.run(vmi, read), Err(VmiError::Other(_))));
            assert!(matches!(job.run(vmi, read), Err(VmiError::Other(_))));
            assert!(faults.run_or_skip(vmi, read).is_err());
            assert!(job.run_or_skip(vmi, read).is_err());
        });
    }

    let stats = faults.stats();
    assert_eq!((stats.operation_runs, stats.injections), (0, 0));
}

#[test]
fn the_right_veto_takes_its_place() {
    let (guest, vm) = guest(&[A, B]);
    let faults = queue().may_inject(|_: &Registers, _| MayInject::Now);

    for page in [A, B] {
        assert_eq!(injected(event(&vm, &faults, &[A, B])).va, page);
        guest.page_in(page);
    }
    assert!(event(&vm, &faults, &[A, B]).is_ok());
}
