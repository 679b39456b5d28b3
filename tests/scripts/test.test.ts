// What `npm test` says at its end must be what happened.
import { expect, test } from 'vitest';
import { countTests } from '../../scripts/test.mjs';

type File = { status: string; tests: string[] };

function report(files: File[]): string {
  const all = files.flatMap((file) => file.tests);
  const count = (status: string) => all.filter((each) => each === status).length;
  return JSON.stringify({
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    testResults: files.map((file) => ({
      status: file.status,
      assertionResults: file.tests.map((status) => ({ status })),
    })),
  });
}

test('counts each test as what it was', () => {
  const files = [
    { status: 'failed', tests: ['passed', 'failed', 'failed'] },
    { status: 'passed', tests: ['passed', 'pending', 'todo'] },
  ];
  expect(countTests(report(files), 1)).toEqual({ passed: 2, failed: 2, skipped: 2 });
});

test('a test file that did not load is a failure', () => {
  const files = [
    { status: 'failed', tests: [] },
    { status: 'passed', tests: ['passed'] },
  ];
  expect(countTests(report(files), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test('a run that ended badly is a failure even when every test passed', () => {
  expect(countTests(report([{ status: 'passed', tests: ['passed'] }]), 1).failed).toBe(1);
  expect(countTests(report([{ status: 'passed', tests: ['passed'] }]), 0).failed).toBe(0);
});
